import assert from 'node:assert/strict';
import { BowlineError, errorCode } from '../../../src/api/errors.ts';
import type { Unstructured } from '../../../src/api/unstructured.ts';
import { writerOf } from '../../../src/kubernetes/writer.ts';
import {
  deleteItemActionChecks,
  type DeleteItemActionSubject,
} from '../../../src/plugins/conformance/delete-item-action.ts';
import type { DeleteItemAction, DeleteItemActionInput } from '../../../src/plugins/item-action.ts';
import { ClusterInMemory } from '../../support/cluster-in-memory.ts';
import { object } from '../../support/objects.ts';
import { failuresOf, itHasDistinctTitles } from './broken.ts';

const items = [object('v1 Pod', 'shop/web', { spec: { nodeName: 'node-1' } })];
const settings = { groupResource: 'configmaps', namespace: 'shop', name: 'settings' };

type Execute = (input: DeleteItemActionInput) => Promise<unknown>;

function subject(execute: Execute, name = 'example.com/a'): () => Promise<DeleteItemActionSubject> {
  return async () => {
    const cluster = new ClusterInMemory();
    cluster.hold(object('v1 Namespace', 'shop'), object('v1 ConfigMap', 'shop/settings'));
    const action: DeleteItemAction = {
      name,
      appliesTo: { includedResources: ['pods'] },
      execute: async (input) => void (await execute(input)),
    };
    const kubernetes = writerOf(cluster, { signal: new AbortController().signal, assertMayWrite: () => undefined });
    return { action, items, kubernetes };
  };
}

const broken: Readonly<Record<string, { execute: Execute; fails: string[] }>> = {
  'needs a spec': {
    execute: async ({ item }) => (item as Unstructured & { spec: { nodeName: string } }).spec.nodeName,
    fails: ['an item that has only apiVersion, kind and metadata passes'],
  },
  'needs what it deletes to be there': {
    async execute({ kubernetes }) {
      await kubernetes.get(settings);
      await kubernetes.delete(settings);
    },
    fails: ['it may run again on the same item', 'it passes where the cluster holds nothing of what it looks for'],
  },
  'makes an object once only': {
    async execute({ kubernetes }) {
      if (await kubernetes.serves('configmaps')) await kubernetes.create(object('v1 ConfigMap', 'shop/more'));
    },
    fails: ['it may run again on the same item'],
  },
  'does not say that it was refused': {
    execute: async ({ kubernetes }) => kubernetes.delete(settings).catch(() => undefined),
    fails: ['a refusal of the API server is not passed over'],
  },
  'says something else than why it was refused': {
    async execute({ kubernetes }) {
      await kubernetes.delete(settings).catch((error: unknown) => {
        throw new BowlineError('InvalidItem', `refused with ${errorCode(error)}`);
      });
    },
    fails: ['a refusal of the API server is not passed over'],
  },
};

describe('delete item action checks', () => {
  itHasDistinctTitles(deleteItemActionChecks);

  it('pass an action that does nothing, and one that deletes', async () => {
    assert.deepEqual(
      await failuresOf(
        deleteItemActionChecks,
        subject(async () => undefined),
      ),
      [],
    );
    const deleting = subject(({ kubernetes }) => kubernetes.delete(settings));
    assert.deepEqual(await failuresOf(deleteItemActionChecks, deleting), []);
  });

  for (const [title, { execute, fails }] of Object.entries(broken))
    it(`find an action that ${title}`, async () => {
      assert.deepEqual(await failuresOf(deleteItemActionChecks, subject(execute)), fails);
    });

  it('find an action without a prefix', async () => {
    assert.deepEqual(
      await failuresOf(
        deleteItemActionChecks,
        subject(async () => undefined, 'a'),
      ),
      ['the name has a prefix, and the selector is data'],
    );
  });

  it('find an action that edits the backup', async () => {
    const editing = subject(async ({ backup }) => Object.assign(backup.metadata, { name: 'edited' }));
    assert.deepEqual(await failuresOf(deleteItemActionChecks, editing), [
      'an item that has only apiVersion, kind and metadata passes',
      'it may run again on the same item',
      'it passes where the cluster holds nothing of what it looks for',
    ]);
  });
});
