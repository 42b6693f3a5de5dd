import { canonicalJson, jsonDifferences, type FieldDifference } from '../api/json-differences.ts';
import { itemKey, type ResourceIdentifier, type Unstructured } from '../api/unstructured.ts';
import { hashOf, ItemIndex, type KeyChange } from './item-index.ts';

/** Items to compare, of a backup or of a cluster. */
export interface ItemSource {
  /**
   * All items for which `wanted` holds, each once, in any order. Asked for several times: a cluster may have changed by then.
   */
  items(wanted?: (item: ResourceIdentifier) => boolean): AsyncIterable<SourceItem>;
}

/** An item, and whether it counts by itself. */
export interface SourceItem extends ResourceIdentifier {
  readonly item: Unstructured;
  /** It is compared only if the other side has it. */
  readonly onlyIfKnown?: boolean;
}

/** An object that is not the same on both sides. */
export interface ObjectDifference extends ResourceIdentifier {
  /** `removed`: only the first side has it. `added`: only the second one. */
  readonly change: KeyChange;
  /** What differs, if both have it. Values of Secrets are left out. */
  readonly fields?: readonly FieldDifference[];
}

/** What is compared, and what that may cost. */
export interface DiffOptions {
  /** Whether `status` counts. Default `false`: controllers write it all the time. */
  readonly status?: boolean;
  /** How many bytes of items are held in memory; with more, both sides are read again. Default 64 MiB. */
  readonly heldBytes?: number;
}

const defaultHeldBytes = 64 * 1024 * 1024;

/**
 * Compares two sides, in memory that does not grow with their items but by 64 bytes for each: first the hashes of all items, side by
 * side; then the items that differ, field by field. Yields in no order.
 *
 * What an API server keeps books of does not count: uid, versions, times of creation, managed fields and the labels of restores.
 */
export async function* differences(
  before: ItemSource,
  after: ItemSource,
  { status = false, heldBytes = defaultHeldBytes }: DiffOptions = {},
): AsyncGenerator<ObjectDifference, void, undefined> {
  const first = new ItemIndex();
  for await (const { item, ...identifier } of before.items())
    first.add(hashOf(itemKey(identifier)), hashOf(canonicalJson(comparable(item, status))));
  const second = new ItemIndex();
  for await (const { item, onlyIfKnown, ...identifier } of after.items()) {
    const key = hashOf(itemKey(identifier));
    if (!onlyIfKnown || first.has(key)) second.add(key, hashOf(canonicalJson(comparable(item, status))));
  }
  const changes = first.changesTo(second);
  const changeOf = (identifier: ResourceIdentifier): KeyChange | undefined => changes.get(textOf(identifier));
  const settle = (identifier: ResourceIdentifier): void => void changes.delete(textOf(identifier));

  while (changes.size > 0) {
    const held = new Map<string, Unstructured>();
    let bytes = 0;
    const isLost = (one: ResourceIdentifier): boolean => changeOf(one) === 'removed' || changeOf(one) === 'changed';
    for await (const { item, ...identifier } of before.items(isLost)) {
      if (changeOf(identifier) === 'removed') {
        settle(identifier);
        yield { change: 'removed', ...placeOf(identifier) };
      } else if (bytes < heldBytes) {
        const kept = comparable(item, status);
        held.set(itemKey(identifier), kept);
        bytes += JSON.stringify(kept).length;
      }
    }
    const isLast = held.size === 0;
    const isFound = (one: ResourceIdentifier): boolean => changeOf(one) === 'added' || held.has(itemKey(one));
    for await (const { item, ...identifier } of after.items(isFound)) {
      if (!isFound(identifier)) continue;
      const other = held.get(itemKey(identifier));
      held.delete(itemKey(identifier));
      settle(identifier);
      if (other === undefined) yield { change: 'added', ...placeOf(identifier) };
      else {
        const fields = fieldsOf(identifier, other, comparable(item, status));
        if (fields.length > 0) yield { change: 'changed', ...placeOf(identifier), fields };
      }
    }
    // A cluster goes on meanwhile: what has left it since it was compared is a difference that can't be shown any more.
    for (const key of held.keys()) changes.delete(hashOf(key).toString('latin1'));
    if (isLast) return;
  }
}

function textOf(identifier: ResourceIdentifier): string {
  return hashOf(itemKey(identifier)).toString('latin1');
}

function placeOf({ groupResource, namespace, name }: ResourceIdentifier): ResourceIdentifier {
  return { groupResource, namespace, name };
}

function fieldsOf({ groupResource }: ResourceIdentifier, before: unknown, after: unknown): FieldDifference[] {
  const fields = jsonDifferences(before, after);
  if (groupResource !== 'secrets') return fields;
  return fields.map(({ path, before: old, after: fresh }) => ({ path, before: hidden(old), after: hidden(fresh) }));
}

function hidden(value: unknown): unknown {
  return value === undefined ? undefined : '<hidden>';
}

const bookkeeping = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'];
const restoreLabels = ['velero.io/backup-name', 'velero.io/restore-name', 'velero.io/restore-uid'];

/** What of an item counts. */
function comparable(item: Unstructured, status: boolean): Unstructured {
  const { status: _, ...rest } = item;
  const { labels, ...metadata } = without(item.metadata, bookkeeping);
  const kept = without((labels ?? {}) as Record<string, unknown>, restoreLabels);
  return {
    ...(status ? item : rest),
    metadata: { ...metadata, ...(Object.keys(kept).length > 0 && { labels: kept }) },
  } as Unstructured;
}

function without(members: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}
