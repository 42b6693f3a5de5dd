import assert from 'node:assert/strict';
import type { Unstructured } from '../../../src/api/unstructured.ts';
import { itemActionChecks } from '../../../src/plugins/conformance/item-action.ts';
import type { RestoreItemAction, RestoreItemActionOutput } from '../../../src/plugins/item-action.ts';
import { failuresOf, itHasDistinctTitles } from './broken.ts';

const items: readonly Unstructured[] = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { nodeName: 'node-1', containers: [] },
  },
];

type Item = Unstructured & { spec?: Record<string, unknown> | null };

let executions = 0;

const broken: Readonly<Record<string, { execute: (item: Item) => Unstructured; fails: string[] }>> = {
  'needs a spec': {
    execute: (item) => (delete (item.spec as Record<string, unknown>)['nodeName'], item),
    fails: [
      'an item that has only apiVersion, kind and metadata passes',
      'an item whose spec and status are null or empty passes',
    ],
  },
  'is never the same twice': {
    execute: (item) => ({ ...item, spec: { ...item.spec, stamp: executions++ } }),
    fails: [
      'the same item has the same outcome',
      'an item that has been through comes out the same when it goes through again',
    ],
  },
  'adds to what it added': {
    execute: (item) => ({ ...item, metadata: { ...item.metadata, extra: [item.metadata['extra']] } }),
    fails: [
      'an item that has only apiVersion, kind and metadata passes',
      'an item that has been through comes out the same when it goes through again',
    ],
  },
  'keeps only the fields that it knows': {
    execute: ({ apiVersion, kind, metadata, spec }) => ({ apiVersion, kind, metadata, ...(spec && { spec }) }),
    fails: ['fields that the action does not know survive, digit for digit'],
  },
  'rounds numbers': {
    execute: (item) => JSON.parse(JSON.stringify(item)) as Unstructured,
    fails: ['fields that the action does not know survive, digit for digit'],
  },
  'turns the order of members round': {
    execute: (item) => Object.fromEntries(Object.entries(item).reverse()) as Unstructured,
    fails: ['members keep their order'],
  },
  'renames the item': {
    execute: (item) => ({ ...item, kind: 'Renamed' }),
    fails: ['the item stays the object that it is, in the namespace that it is in'],
  },
};

function actionOf(execute: (item: Item) => Unstructured): RestoreItemAction {
  return {
    name: 'example.com/broken',
    appliesTo: { includedResources: ['pods'] },
    execute: async ({ item }) => ({ updatedItem: execute(item as Item) }),
  };
}

describe('item action checks', () => {
  itHasDistinctTitles(itemActionChecks);

  it('pass an action that does nothing', async () => {
    const action = actionOf((item) => item);
    assert.deepEqual(await failuresOf(itemActionChecks, async () => ({ action, items })), []);
  });

  for (const [title, { execute, fails }] of Object.entries(broken))
    it(`find an action that ${title}`, async () => {
      const action = actionOf(execute);
      assert.deepEqual(await failuresOf(itemActionChecks, async () => ({ action, items })), fails);
    });

  it('find an action that changes an item which it said it does not concern', async () => {
    const action = { ...actionOf((item) => ({ ...item, status: {} })), concerns: () => false };
    assert.deepEqual(await failuresOf(itemActionChecks, async () => ({ action, items })), [
      'an item that it says it does not concern passes unchanged and asks for nothing',
    ]);
  });

  it('find an action without a prefix', async () => {
    const action = { ...actionOf((item) => item), name: 'pod' };
    assert.deepEqual(await failuresOf(itemActionChecks, async () => ({ action, items })), [
      'the name has a prefix, and the selector is data',
    ]);
  });

  it('find an action that edits the item from the backup', async () => {
    const action: RestoreItemAction = {
      ...actionOf((item) => item),
      async execute({ item, itemFromBackup }): Promise<RestoreItemActionOutput> {
        (itemFromBackup as Item)['status'] = 'edited';
        return { updatedItem: item };
      },
    };
    assert.ok((await failuresOf(itemActionChecks, async () => ({ action, items }))).length > 5);
  });

  it('find additional items that no lookup can find', async () => {
    for (const [groupResource, name] of [
      ['apps/v1/deployments', 'x'],
      ['Deployment', 'x'],
      ['pods', ''],
    ] as const) {
      const action: RestoreItemAction = {
        ...actionOf((item) => item),
        execute: async ({ item }) => ({ updatedItem: item, additionalItems: [{ groupResource, namespace: '', name }] }),
      };
      assert.deepEqual(await failuresOf(itemActionChecks, async () => ({ action, items })), [
        'additional items are named by plural and group, namespace and name',
      ]);
    }
  });
});
