import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import { BowlineError } from '../../src/api/errors.ts';
import { cloneJson, parseJson } from '../../src/api/json.ts';
import { groupResourceOf, type ResourceIdentifier, type Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesReader } from '../../src/kubernetes/reader.ts';
import type { BackupItemAction, RestoreItemAction } from '../../src/plugins/item-action.ts';
import { compare } from '../vectors/compare.mjs';

interface Vector {
  readonly id: string;
  readonly title: string;
  readonly item: Unstructured;
  readonly itemFromBackup?: Unstructured;
  readonly backup?: never;
  readonly restore?: never;
  readonly cluster?: readonly Unstructured[];
  readonly apiGroups?: readonly { readonly name: string }[];
  readonly apiErrors?: readonly { readonly verb: string; readonly resource: string; readonly message: string }[];
  readonly expect: Readonly<Record<string, Expectation | null>>;
}

interface Expectation {
  readonly error: string | null;
  readonly errorKind?: string;
  readonly quirk?: string;
}

/** Vectors that are overruled, by id, each with the reason. */
export type Overruled = Readonly<Record<string, string>>;

/** Declares one test per vector of an action, against what Velero 1.18 did, or 1.6.3 where 1.18 has no such action. */
export function itMatchesVelero(
  file: string,
  action: BackupItemAction | RestoreItemAction,
  overruled: Overruled = {},
): void {
  const { cases } = JSON.parse(
    JSON.stringify(parseJson(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8'))),
  ) as { cases: Vector[] };
  for (const vector of cases) {
    const expected = vector.expect['1.18'] ?? vector.expect['1.6.3'];
    if (!expected || expected.errorKind === 'decode') continue;
    const reason = overruled[vector.id];
    if (reason !== undefined) {
      it(`${vector.id}: ${vector.title} (overruled: ${reason})`, async () => {
        assert.notDeepEqual(
          compare(await execute(action, vector), expected),
          [],
          'it no longer differs: take it off the list',
        );
      });
      continue;
    }
    it(`${vector.id}: ${vector.title}`, async () => {
      const actual = await execute(action, vector);
      // Go refuses fields of a wrong type that the action does not read; here they pass untouched.
      if (expected.errorKind === 'conversion' && actual.error === undefined) return;
      assert.deepEqual(compare(actual, expected), []);
    });
  }
}

async function execute(action: BackupItemAction | RestoreItemAction, vector: Vector) {
  const itemFromBackup = cloneJson(vector.itemFromBackup ?? vector.item);
  const input = {
    item: cloneJson(vector.item),
    itemFromBackup,
    backup: vector.backup as never,
    restore: vector.restore as never,
    kubernetes: readerOver(vector),
    log: { info: () => undefined, warning: () => undefined },
  };
  try {
    const output = await (action as RestoreItemAction).execute(input);
    return {
      item: JSON.parse(JSON.stringify(output.updatedItem)) as unknown,
      additionalItems: (output.additionalItems ?? []).map(asVelero),
      skipRestore: output.skipRestore ?? false,
    };
  } catch (error) {
    return { item: null, additionalItems: [], skipRestore: false, error: (error as Error).message };
  }
}

function asVelero({ groupResource, namespace, name }: ResourceIdentifier) {
  const dot = groupResource.indexOf('.');
  const [resource, group] = dot < 0 ? [groupResource, ''] : [groupResource.slice(0, dot), groupResource.slice(dot + 1)];
  return { group, resource, namespace, name };
}

/** The cluster of a vector. */
function readerOver({ cluster = [], apiGroups, apiErrors = [] }: Vector): KubernetesReader {
  const refuse = (verb: string, groupResource: string): void => {
    const refusal = apiErrors.find((error) => error.verb === verb && error.resource === groupResource.split('.')[0]);
    if (refusal) throw new BowlineError('AccessDenied', refusal.message, { status: 403 });
  };
  const serves = (groupResource: string): boolean => {
    const dot = groupResource.indexOf('.');
    return apiGroups === undefined || dot < 0 || apiGroups.some(({ name }) => name === groupResource.slice(dot + 1));
  };
  const pluralOf = ({ apiVersion, kind }: Unstructured): string => {
    const slash = apiVersion.indexOf('/');
    return groupResourceOf(
      `${kind.toLowerCase()}${kind.endsWith('s') ? 'es' : 's'}`,
      slash < 0 ? '' : apiVersion.slice(0, slash),
    );
  };
  return {
    serves: async (groupResource) => serves(groupResource),
    async get(identifier) {
      refuse('get', identifier.groupResource);
      const found = cluster.find(
        (item) => pluralOf(item) === identifier.groupResource && item.metadata.name === identifier.name,
      );
      if (found) return found;
      throw new BowlineError('NotFound', `get ${identifier.name}: not found`, { status: 404 });
    },
    async list(groupResource) {
      if (!serves(groupResource)) return [];
      refuse('list', groupResource);
      return cluster.filter((item) => pluralOf(item) === groupResource);
    },
  };
}
