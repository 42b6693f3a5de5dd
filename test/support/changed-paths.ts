import { equalJson, isRawNumber } from '../../src/api/json.ts';

/** Where a value is: keys of objects, and `[*]` for any entry of a list. */
type Path = readonly string[];

type Members = Readonly<Record<string, unknown>>;

const anyEntry = '[*]';

/**
 * What is not as it was, outside the paths that may change: members that came, went or differ, and members in another order. A
 * path such as `spec.volumes[*].name` or `metadata.labels['velero.io/*']` stands for all below it. Each problem is a sentence.
 */
export function otherChanges(before: unknown, after: unknown, changes: readonly string[]): string[] {
  const patterns = changes.map(parsePattern);
  return problemsAt([], before, after);

  function problemsAt(path: Path, a: unknown, b: unknown): string[] {
    if (mayChange(path)) return [];
    const lists = bothAs(isList, [], a, b);
    if (lists) return entryProblems(path, ...lists);
    const objects = bothAs(isObject, {}, a, b);
    if (objects) return memberProblems(path, ...objects);
    return equalJson(a, b) ? [] : [`${shown(path)} changed`];
  }

  function mayChange(path: Path): boolean {
    return patterns.some((pattern) => covers(pattern, path));
  }

  function entryProblems(path: Path, a: readonly unknown[], b: readonly unknown[]): string[] {
    const entry = [...path, anyEntry];
    if (a.length === b.length) return a.flatMap((_, index) => problemsAt(entry, a[index], b[index]));
    return mayChange(entry) ? [] : [`${shown(entry)} came or went`];
  }

  function memberProblems(path: Path, a: Members, b: Members): string[] {
    const shared = (of: Members, other: Members): string[] =>
      Object.keys(of).filter((key) => Object.hasOwn(other, key));
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [
      ...(equalJson(shared(a, b), shared(b, a)) ? [] : [`the order of members of ${shown(path)} changed`]),
      ...[...keys].flatMap((key) => problemsAt([...path, key], memberOf(a, key), memberOf(b, key))),
    ];
  }
}

/** Both, if they are of that type; an absent or `null` one counts as empty beside a full one, so that what is in that decides. */
function bothAs<T extends object>(
  is: (value: unknown) => value is T,
  empty: T,
  a: unknown,
  b: unknown,
): [T, T] | undefined {
  const isFull = (value: unknown): boolean => is(value) && Object.keys(value).length > 0;
  const one = a == null && isFull(b) ? empty : a;
  const other = b == null && isFull(a) ? empty : b;
  return is(one) && is(other) ? [one, other] : undefined;
}

function memberOf(object: Members, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

type Pattern = readonly ((step: string) => boolean)[];

function parsePattern(text: string): Pattern {
  if (text === '*') return [];
  return [...text.matchAll(/\[\*\]|\['([^']+)'\]|([\w-]+)/g)].map(([step, quoted, plain]) => {
    if (step === anyEntry) return () => true;
    const key = quoted ?? plain!;
    return key.endsWith('*') ? (found) => found.startsWith(key.slice(0, -1)) : (found) => found === key;
  });
}

function covers(pattern: Pattern, path: Path): boolean {
  return pattern.length <= path.length && pattern.every((matches, index) => matches(path[index]!));
}

function shown(path: Path): string {
  return path.map((step) => (step === anyEntry ? step : `.${step}`)).join('') || 'the item';
}
