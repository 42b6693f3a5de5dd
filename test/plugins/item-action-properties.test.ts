import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BowlineError } from '../../src/api/errors.ts';
import { cloneJson, equalJson } from '../../src/api/json.ts';
import { caseReader } from '../../src/cli/case-cluster.ts';
import type { CaseAction, ItemActionCase } from '../../src/cli/item-action-case.ts';
import { itemActionsOf } from '../../src/cli/item-actions.ts';
import type { RestoreItemActionOutput } from '../../src/plugins/index.ts';
import { docstringOf } from '../../tools/docs/docstring.ts';
import { otherChanges } from '../support/changed-paths.ts';
import { randomCases } from '../support/random-cases.ts';

/** What the action makes of the case; nothing if it refuses the item. Checks that it touches nothing but the item. */
async function outcomeOf(action: CaseAction, given: ItemActionCase): Promise<RestoreItemActionOutput | undefined> {
  const { itemFromBackup, backup, restore, cluster = [] } = given;
  const handed = cloneJson({ itemFromBackup, backup, restore, cluster });
  const input = {
    ...handed,
    item: cloneJson(given.item),
    kubernetes: caseReader({ ...given, cluster: handed.cluster }),
    log: { info: () => undefined, warning: () => undefined },
  };
  try {
    return await (action.execute(input as never) as Promise<RestoreItemActionOutput>);
  } catch (error) {
    if (error instanceof BowlineError) return undefined;
    throw error;
  } finally {
    assert.deepEqual(handed, { itemFromBackup, backup, restore, cluster });
  }
}

for (const kind of ['BackupItemAction', 'RestoreItemAction'] as const) {
  for (const action of itemActionsOf(kind).filter((one) => 'execute' in one)) {
    describe(`${kind} ${action.name}, on random items`, () => {
      const holds = (property: (given: ItemActionCase) => Promise<void>): Promise<void> =>
        fc.assert(fc.asyncProperty(randomCases(kind, action), property), { numRuns: 300 });

      it('changes only what its docstring says, and keeps members and their order', async () => {
        const { changes } = docstringOf(kind, action.name);
        await holds(async (given) => {
          const outcome = await outcomeOf(action, given);
          if (outcome) assert.deepEqual(otherChanges(given.item, outcome.updatedItem, changes), []);
        });
      });

      it('makes the same of its own outcome, or says that it does not', async () => {
        if (docstringOf(kind, action.name).repeated !== undefined) return;
        await holds(async (given) => {
          const once = await outcomeOf(action, given);
          if (once === undefined) return;
          const twice = await outcomeOf(action, { ...given, item: once.updatedItem });
          assert.ok(equalJson(twice?.updatedItem, once.updatedItem), JSON.stringify([once, twice]));
        });
      });
    });
  }
}

describe('changes', () => {
  const before = { a: { b: [{ c: 1, d: 2 }], e: {}, 'f/g': 'h' }, i: 3 };
  const table: {
    readonly title: string;
    readonly after: object;
    readonly changes?: string[];
    readonly problems: string[];
  }[] = [
    { title: 'nothing', after: before, problems: [] },
    { title: 'another value', after: { ...before, i: 4 }, problems: ['.i changed'] },
    { title: 'another value that may be', after: { ...before, i: 4 }, changes: ['i'], problems: [] },
    { title: 'a member that went', after: { a: before.a }, problems: ['.i changed'] },
    {
      title: 'an empty object that went',
      after: { ...before, a: { b: before.a.b, 'f/g': 'h' } },
      problems: ['.a.e changed'],
    },
    {
      title: 'an entry that went',
      after: { ...before, a: { ...before.a, b: [] } },
      problems: ['.a.b[*] came or went'],
    },
    {
      title: 'an entry that may go',
      after: { ...before, a: { ...before.a, b: [] } },
      changes: ['a.b[*]'],
      problems: [],
    },
    {
      title: 'all of a list that may change',
      after: { ...before, a: { e: {}, 'f/g': 'h' } },
      changes: ['a.b[*]'],
      problems: [],
    },
    {
      title: 'more of an entry than may change',
      after: { ...before, a: { ...before.a, b: [{ c: 2, d: 3 }] } },
      changes: ['a.b[*].c'],
      problems: ['.a.b[*].d changed'],
    },
    {
      title: 'keys that begin so',
      after: { ...before, a: { ...before.a, 'f/g': 'i' } },
      changes: ["a['f/*']"],
      problems: [],
    },
    { title: 'another order', after: { i: 3, a: before.a }, problems: ['the order of members of the item changed'] },
    { title: 'anything', after: { j: 1 }, changes: ['*'], problems: [] },
  ];
  for (const { title, after, changes = [], problems } of table) {
    it(`are told: ${title}`, () => assert.deepEqual(otherChanges(before, after, changes), problems));
  }
});
