import { equalJson, isRawNumber } from './json.ts';

/** A field in which two JSON values differ. A value that is `undefined` is not there. */
export interface FieldDifference {
  /** Such as `spec.containers[web].image`, `data["a.b"]` or `spec.ports[0]`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Where two JSON values differ, field by field, in the order of names. Members of lists are found by their `name` where all have
 * one of their own, as containers do, else by their place.
 */
export function jsonDifferences(before: unknown, after: unknown, path = ''): FieldDifference[] {
  if (equalJson(before, after)) return [];
  const [left, right] = [membersOf(before), membersOf(after)];
  if (left === undefined || right === undefined || left.kind !== right.kind) return [{ path, before, after }];
  const [ofLeft, ofRight] =
    left.kind === 'list' ? listMembers(before as unknown[], after as unknown[]) : [left.members, right.members];
  const names = [...new Set([...ofLeft.keys(), ...ofRight.keys()])];
  if (left.kind === 'object') names.sort();
  return names.flatMap((name) => {
    const at = left.kind === 'list' ? `${path}[${name}]` : memberPath(path, name);
    return jsonDifferences(ofLeft.get(name), ofRight.get(name), at);
  });
}

/** A JSON value as one text: equal values have the same, whatever the order of their members. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}

type Members = ReadonlyMap<string, unknown>;

function membersOf(value: unknown): { kind: 'list' | 'object'; members: Members } | undefined {
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return undefined;
  return { kind: Array.isArray(value) ? 'list' : 'object', members: new Map(Object.entries(value)) };
}

function listMembers(before: readonly unknown[], after: readonly unknown[]): [Members, Members] {
  const [left, right] = [namesOf(before), namesOf(after)];
  if (left === undefined || right === undefined) return [byPlace(before), byPlace(after)];
  // Names in another order are a difference of the list itself, which its members would hide.
  const common = left.filter((name) => right.includes(name));
  const inOrder = common.every((name, index) => right.filter((one) => common.includes(one))[index] === name);
  return inOrder ? [byName(before, left), byName(after, right)] : [byPlace(before), byPlace(after)];
}

function namesOf(list: readonly unknown[]): string[] | undefined {
  const names = list.map((one) => (one as { name?: unknown } | null)?.name);
  const areNames = names.every((name) => typeof name === 'string') && new Set(names).size === names.length;
  return areNames ? (names as string[]) : undefined;
}

function byName(list: readonly unknown[], names: readonly string[]): Members {
  return new Map(list.map((one, index) => [names[index]!, one]));
}

function byPlace(list: readonly unknown[]): Members {
  return new Map(list.map((one, index) => [String(index), one]));
}

function memberPath(path: string, name: string): string {
  if (!/^[\w-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
