import assert from 'node:assert/strict';
import type { Backup } from '../../api/backup.ts';
import { BowlineError } from '../../api/errors.ts';
import { cloneJson, isRawNumber, parseJson } from '../../api/json.ts';
import type { Restore } from '../../api/restore.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import type { KubernetesReader } from '../../kubernetes/reader.ts';
import type { BackupItemAction, RestoreItemAction, RestoreItemActionOutput } from '../item-action.ts';
import type { Check } from './check.ts';
import { assertIsRegistrable } from './registrable.ts';

/** An action, and items to run it on. */
export interface ItemActionSubject {
  readonly action: BackupItemAction | RestoreItemAction;
  /** Items that the action applies to and knows how to handle, as the API server gives them; the more it reads of them, the better. */
  readonly items: readonly Unstructured[];
  /** The cluster that the action asks. Default: one that serves nothing. */
  readonly kubernetes?: KubernetesReader;
}

const emptyCluster: KubernetesReader = {
  serves: async () => false,
  get: async ({ groupResource, name }) => {
    throw new BowlineError('NotFound', `get ${groupResource} ${name}: 404 NotFound`, { status: 404 });
  },
  list: async () => [],
};

const metadata = { name: 'nightly', namespace: 'velero', uid: '6f1c2f0e-4f0c-4a52-9d43-0d3c7f0f5f11' };
const backup: Backup = { apiVersion: 'velero.io/v1', kind: 'Backup', metadata, spec: {} };
const restore: Restore = { apiVersion: 'velero.io/v1', kind: 'Restore', metadata, spec: { backupName: 'nightly' } };

/** Runs the action as a batch does: on copies, so that edits in place show in the outcome alone. */
async function execute(
  { action, kubernetes = emptyCluster }: ItemActionSubject,
  item: Unstructured,
  itemFromBackup: Unstructured = item,
): Promise<RestoreItemActionOutput> {
  const given = {
    item: cloneJson(item),
    itemFromBackup: cloneJson(itemFromBackup),
    backup: cloneJson(backup),
    restore: cloneJson(restore),
  };
  const log = { info: () => undefined, warning: () => undefined };
  const output = await action.execute({ ...given, kubernetes, log });
  assert.deepEqual(given.itemFromBackup, itemFromBackup, 'edited the item from the backup');
  assert.deepEqual([given.backup, given.restore], [backup, restore], 'edited the backup or the restore');
  return output;
}

/** Digits that a double does not hold, as the API server may send them. */
const unknownValue = parseJson('{"z":12345678901234567890,"a":[null,{"kept":true}]}');

/** Adds a field that no action knows to the object, its metadata and its spec. */
function withUnknownFields(item: Unstructured): Unstructured {
  const { metadata: meta, spec, ...rest } = cloneJson(item);
  return {
    'x-unknown': unknownValue,
    ...rest,
    metadata: { 'x-unknown': unknownValue, ...meta },
    ...(spec !== undefined && { spec: { 'x-unknown': unknownValue, ...(spec as object) } }),
  } as Unstructured;
}

/** The object without what it is to do. */
function withoutSpec(item: Unstructured): Unstructured {
  return Object.fromEntries(Object.entries(item).filter(([member]) => member !== 'spec')) as Unstructured;
}

/** Asserts that members which are in both are in the same order in both, at every depth. */
function assertSameOrder(before: unknown, after: unknown, path: string): void {
  if (!isObject(before) || !isObject(after)) return;
  const shared = (of: object, other: object): string[] => Object.keys(of).filter((key) => Object.hasOwn(other, key));
  if (!Array.isArray(before)) assert.deepEqual(shared(after, before), shared(before, after), `order of ${path}`);
  for (const [key, value] of Object.entries(before)) assertSameOrder(value, after[key], `${path}.${key}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !isRawNumber(value);
}

/** Every promise of `BackupItemAction` and `RestoreItemAction` that can be checked without knowing what the action is for. */
export const itemActionChecks: readonly Check<ItemActionSubject>[] = [
  {
    title: 'the name has a prefix, and the selector is data',
    verify: async ({ action }) => assertIsRegistrable(action),
  },
  {
    title: 'an item that has only apiVersion, kind and metadata passes',
    async verify(subject) {
      for (const { apiVersion, kind, metadata: meta } of subject.items) {
        const { name, namespace } = meta;
        const bare = { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
        assert.deepEqual((await execute(subject, bare)).updatedItem.metadata, bare.metadata);
      }
    },
  },
  {
    title: 'an item whose spec and status are null or empty passes',
    async verify(subject) {
      for (const { apiVersion, kind, metadata: meta } of subject.items)
        for (const value of [null, {}])
          await execute(subject, { apiVersion, kind, metadata: meta, spec: value, status: value });
    },
  },
  {
    title: 'the same item has the same outcome',
    async verify(subject) {
      for (const item of subject.items) assert.deepEqual(await execute(subject, item), await execute(subject, item));
    },
  },
  {
    title: 'an item that has been through comes out the same when it goes through again',
    async verify(subject) {
      for (const item of subject.items) {
        const once = await execute(subject, item);
        const twice = await execute(subject, once.updatedItem, item);
        assert.deepEqual(twice.updatedItem, once.updatedItem);
      }
    },
  },
  {
    title: 'fields that the action does not know survive, digit for digit',
    async verify(subject) {
      for (const item of subject.items) {
        const { updatedItem } = await execute(subject, withUnknownFields(item));
        assert.deepEqual(updatedItem['x-unknown'], unknownValue);
        assert.deepEqual(updatedItem.metadata['x-unknown'], unknownValue);
        if (isObject(item['spec']))
          assert.deepEqual((updatedItem['spec'] as Record<string, unknown>)['x-unknown'], unknownValue);
      }
    },
  },
  {
    title: 'an item that it says it does not concern passes unchanged and asks for nothing',
    async verify(subject) {
      const { action, items } = subject;
      for (const item of items.flatMap((one) => [one, withoutSpec(one)])) {
        if (!('concerns' in action) || action.concerns?.(cloneJson(item)) !== false) continue;
        const { updatedItem, additionalItems = [] } = await execute(subject, item);
        assert.deepEqual([updatedItem, additionalItems], [item, []]);
      }
    },
  },
  {
    title: 'members keep their order',
    async verify(subject) {
      for (const item of subject.items)
        assertSameOrder(item, (await execute(subject, item)).updatedItem, `${item.kind} ${item.metadata.name}`);
    },
  },
  {
    title: 'the item stays the object that it is, in the namespace that it is in',
    async verify(subject) {
      for (const item of subject.items) {
        const { updatedItem } = await execute(subject, item);
        assert.deepEqual(
          [updatedItem.apiVersion, updatedItem.kind, updatedItem.metadata.name, updatedItem.metadata.namespace],
          [item.apiVersion, item.kind, item.metadata.name, item.metadata.namespace],
        );
      }
    },
  },
  {
    title: 'additional items are named by plural and group, namespace and name',
    async verify(subject) {
      for (const item of subject.items)
        for (const { groupResource, namespace, name } of (await execute(subject, item)).additionalItems ?? []) {
          assert.match(groupResource, /^[a-z][a-z0-9-]*(\.[a-z0-9.-]+)?$/);
          assert.equal(typeof namespace, 'string');
          assert.match(name, /^[^/]+$/);
        }
    },
  },
];
