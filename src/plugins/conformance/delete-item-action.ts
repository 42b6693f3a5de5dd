import assert from 'node:assert/strict';
import type { Backup } from '../../api/backup.ts';
import { BowlineError, errorCode } from '../../api/errors.ts';
import { cloneJson } from '../../api/json.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import type { KubernetesWriter } from '../../kubernetes/writer.ts';
import type { DeleteItemAction } from '../item-action.ts';
import type { Check } from './check.ts';
import { assertIsRegistrable } from './registrable.ts';

/** An action, and items to run it on. */
export interface DeleteItemActionSubject {
  readonly action: DeleteItemAction;
  /** Items that the action applies to and knows how to handle, as a backup holds them. */
  readonly items: readonly Unstructured[];
  /** The cluster that the action works on. Default: one that serves nothing. */
  readonly kubernetes?: KubernetesWriter;
}

const absent = async (): Promise<never> => {
  throw new BowlineError('NotFound', 'the cluster does not serve this resource');
};

const emptyCluster: KubernetesWriter = {
  serves: async () => false,
  get: absent,
  list: async () => [],
  create: absent,
  mergePatch: absent,
  delete: async () => undefined,
};

const backup: Backup = {
  apiVersion: 'velero.io/v1',
  kind: 'Backup',
  metadata: { name: 'nightly', namespace: 'velero', uid: '6f1c2f0e-4f0c-4a52-9d43-0d3c7f0f5f11' },
  spec: {},
};

async function execute(
  { action, kubernetes = emptyCluster }: DeleteItemActionSubject,
  item: Unstructured,
): Promise<void> {
  const given = { item: cloneJson(item), backup: cloneJson(backup) };
  await action.execute({
    ...given,
    kubernetes,
    log: { info: () => undefined, warning: () => undefined },
  });
  assert.deepEqual(given.backup, backup, 'edited the backup');
}

/** Every promise of `DeleteItemAction` that can be checked without knowing what the action is for. */
export const deleteItemActionChecks: readonly Check<DeleteItemActionSubject>[] = [
  {
    title: 'the name has a prefix, and the selector is data',
    verify: async ({ action }) => assertIsRegistrable(action),
  },
  {
    title: 'an item that has only apiVersion, kind and metadata passes',
    async verify(subject) {
      for (const { apiVersion, kind, metadata } of subject.items) {
        const { name, namespace } = metadata;
        await execute(subject, { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } });
      }
    },
  },
  {
    title: 'it may run again on the same item',
    async verify(subject) {
      for (const item of subject.items) {
        await execute(subject, item);
        await execute(subject, item);
      }
    },
  },
  {
    title: 'it passes where the cluster holds nothing of what it looks for',
    async verify({ action, items }) {
      for (const item of items) await execute({ action, items }, item);
    },
  },
  {
    title: 'a refusal of the API server is not passed over',
    async verify({ action, items, kubernetes = emptyCluster }) {
      for (const item of items) {
        let refused = false;
        const refuse = async (): Promise<never> => {
          refused = true;
          throw new BowlineError('AccessDenied', 'refused: 403 Forbidden', { status: 403 });
        };
        const cluster: KubernetesWriter = {
          serves: (...asked) => kubernetes.serves(...asked),
          get: (...asked) => kubernetes.get(...asked),
          list: (...asked) => kubernetes.list(...asked),
          create: refuse,
          mergePatch: refuse,
          delete: refuse,
        };
        const outcome = await execute({ action, items, kubernetes: cluster }, item).catch(errorCode);
        assert.equal(outcome, refused ? 'AccessDenied' : undefined, `${item.kind} ${item.metadata.name}`);
      }
    },
  },
];
