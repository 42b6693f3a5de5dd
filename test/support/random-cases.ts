import fc from 'fast-check';
import { cloneJson, parseJson } from '../../src/api/json.ts';
import { groupOf, type Unstructured } from '../../src/api/unstructured.ts';
import { resourceOf } from '../../src/cli/case-cluster.ts';
import type { ItemActionCase } from '../../src/cli/item-action-case.ts';
import type { ItemActionKind, ListedAction } from '../../src/cli/item-actions.ts';
import { readVectors, vectorFiles } from './vectors.ts';

interface Edit {
  readonly at: number;
  readonly member: number;
  readonly how: 'remove' | 'replace' | 'insert' | 'reverse';
  readonly value: unknown;
}

const files = vectorFiles.map(readVectors);
const items = files
  .flatMap(({ cases }) => cases)
  .filter(({ item }) => typeof item.apiVersion === 'string' && typeof item.metadata?.name === 'string');

/** Digits that a double does not hold, members in an order of their own, and what an empty value could be lost in. */
const unknownValue = parseJson('{"z":12345678901234567890,"a":[null,{},[],{"b":""}]}');

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  member: fc.nat(),
  how: fc.constantFrom('remove', 'replace', 'insert', 'reverse'),
  value: fc.oneof(fc.constant(unknownValue), fc.jsonValue({ maxDepth: 2 })),
});

/**
 * Cases for an action: items of the kinds that its selector names, and now and then of others, each an item of a vector with a few
 * edits anywhere but in its identity, and with unknown members; restores and clusters are those of the action's own vectors.
 */
export function randomCases(kind: ItemActionKind, { name, appliesTo }: ListedAction): fc.Arbitrary<ItemActionCase> {
  const wanted = (appliesTo.includedResources ?? [])
    .map((resource) => items.filter(({ item }) => isNamed(item, resource)))
    .filter((ofKind) => ofKind.length > 0)
    .map((ofKind) => fc.constantFrom(...ofKind));
  if (wanted.length === 0 && appliesTo.includedResources) throw new Error(`${name}: no vector has an item for it`);
  const contexts = files.filter((file) => file.kind === kind && file.action === name).flatMap(({ cases }) => cases);
  return fc
    .record({
      from: fc.oneof(
        { weight: 9, arbitrary: wanted.length === 0 ? fc.constantFrom(...items) : fc.oneof(...wanted) },
        { weight: 1, arbitrary: fc.constantFrom(...items) },
      ),
      context: fc.constantFrom(...contexts),
      edits: fc.array(edit, { maxLength: 4 }),
    })
    .map(({ from, context, edits }) => ({
      ...context,
      id: `${from.id} in ${context.id}`,
      item: edits.reduce(edited, withUnknownMembers(from.item)),
      itemFromBackup: from.itemFromBackup ?? from.item,
    }));
}

/** Whether a selector means an item by a name: plural or singular, with or without the group. */
function isNamed(item: Unstructured, resource: string): boolean {
  const plural = resourceOf(item).split('.')[0]!;
  const names = [plural, item.kind.toLowerCase()];
  return names.some((one) => resource === one || resource === `${one}.${groupOf(item.apiVersion)}`);
}

function withUnknownMembers(item: Unstructured): Unstructured {
  const { metadata, spec, ...rest } = cloneJson(item);
  return {
    'x-unknown': unknownValue,
    ...rest,
    metadata: { 'x-unknown': unknownValue, ...metadata },
    ...(spec !== undefined && { spec: isObject(spec) ? { 'x-unknown': unknownValue, ...spec } : spec }),
  };
}

function edited(item: Unstructured, { at, member, how, value }: Edit): Unstructured {
  const copy = cloneJson(item);
  // The API server keeps the identity as it should be.
  const { apiVersion, kind, metadata } = copy;
  const { name, namespace } = metadata;
  const containers = containersIn(copy);
  const parent = containers[at % containers.length]!;
  if (Array.isArray(parent)) editList(parent, { at, member, how, value });
  else editObject(parent, { at, member, how, value });
  Object.assign(copy, { apiVersion, kind, metadata });
  Object.assign(metadata, { name, ...(namespace !== undefined && { namespace }) });
  return copy;
}

function editList(list: unknown[], { member, how, value }: Edit): void {
  const index = member % Math.max(list.length, 1);
  if (how === 'reverse') list.reverse();
  else list.splice(index, how === 'insert' ? 0 : 1, ...(how === 'remove' ? [] : [cloneJson(value)]));
}

function editObject(object: Record<string, unknown>, { member, how, value }: Edit): void {
  const keys = Object.keys(object);
  const key = how === 'insert' ? `x-${member}` : keys[member % Math.max(keys.length, 1)];
  if (key === undefined) return;
  if (how === 'reverse') for (const one of keys.toReversed()) moveToEnd(object, one);
  else if (how === 'remove') delete object[key];
  else object[key] = cloneJson(value);
}

function moveToEnd(object: Record<string, unknown>, key: string): void {
  const value = object[key];
  delete object[key];
  object[key] = value;
}

/** The item itself, and every object and list in it. */
function containersIn(value: object): (Record<string, unknown> | unknown[])[] {
  return [value as Record<string, unknown>, ...Object.values(value).filter(isContainer).flatMap(containersIn)];
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !('rawJSON' in value);
}

function isObject(value: unknown): value is object {
  return isContainer(value) && !Array.isArray(value);
}
