import { cloneJson, equalJson, type JsonValue } from '../api/json.ts';

/** One operation of a JSON patch. `from` is there for `copy` and `move`, `value` for `add`, `replace` and `test`. */
export interface PatchOperation {
  readonly op: (typeof operationNames)[number];
  /** A JSON pointer. */
  readonly path: string;
  readonly from?: string;
  readonly value?: JsonValue;
}

/** What RFC 6902 knows. */
export const operationNames = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;

/** What became of a patch: a new document, or the reason why there is none. */
export type PatchOutcome =
  | { readonly done: true; readonly document: JsonValue }
  | {
      readonly done: false;
      readonly reason: string;
      /** A `test` did not hold; or else a path was not there, or no path at all. */
      readonly isTest: boolean;
      readonly isMissing: boolean;
    };

/**
 * Applies a JSON patch, all of it or nothing; `document` is left alone. As in the library that Velero uses, indices may be negative,
 * counted from the end, and a `test` for `null` holds where there is nothing. Source: RFC 6902, RFC 6901.
 */
export function applyJsonPatch(document: JsonValue, operations: readonly PatchOperation[]): PatchOutcome {
  const root = { document: cloneJson(document) as Mutable };
  try {
    for (const operation of operations) apply(root, operation);
    return { done: true, document: root.document as JsonValue };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { message: reason, kind } = error;
    return { done: false, reason, isTest: kind === 'test', isMissing: kind === 'missing' };
  }
}

type Mutable = JsonValue | Mutable[] | { [key: string]: Mutable };

class Fault extends Error {
  readonly kind: 'test' | 'missing' | 'other';

  constructor(kind: Fault['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

function apply(root: { document: Mutable }, { op, path, from = '', value = null }: PatchOperation): void {
  const at = placeOf(root, { op, path });
  switch (op) {
    case 'add':
      return at.add(cloneJson(value));
    case 'remove':
      return at.remove();
    case 'replace':
      at.get();
      return at.set(cloneJson(value));
    case 'test':
      if (equalJson(at.find() ?? null, value)) return;
      throw new Fault('test', `test ${path}: it is another value`);
    case 'copy':
      return at.add(cloneJson(placeOf(root, { op, path: from }).get()));
    case 'move': {
      const source = placeOf(root, { op, path: from });
      const moved = source.get();
      source.remove();
      return placeOf(root, { op, path }).add(moved);
    }
  }
}

/** A place in a document: a member of an object, or an element of a list. */
interface Place {
  find(): Mutable | undefined;
  /** As `find`, but nothing is a fault. */
  get(): Mutable;
  add(value: Mutable): void;
  set(value: Mutable): void;
  remove(): void;
}

function placeOf({ document }: { readonly document: Mutable }, { op, path }: { op: string; path: string }): Place {
  const tokens = tokensOf(path);
  const last = tokens?.pop();
  if (tokens === undefined || last === undefined)
    throw new Fault('other', `${op} ${path}: expected a path such as /a/b`);
  let parent: Mutable | undefined = document;
  for (const token of tokens) parent = parent === undefined ? undefined : childOf(parent, token);
  const fault = (): Fault => new Fault('missing', `${op} ${path}: there is no such path`);
  if (Array.isArray(parent)) return elementOf(parent as Mutable[], last, fault);
  if (isObject(parent)) return memberOf(parent, last, fault);
  throw fault();
}

function memberOf(parent: { [key: string]: Mutable }, name: string, fault: () => Fault): Place {
  const set = (value: Mutable): void => {
    Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
  };
  const find = (): Mutable | undefined => childOf(parent, name);
  const get = (): Mutable => {
    const value = find();
    if (value === undefined) throw fault();
    return value;
  };
  return {
    find,
    get,
    add: set,
    set,
    remove() {
      get();
      delete parent[name];
    },
  };
}

function elementOf(list: Mutable[], token: string, fault: () => Fault): Place {
  function indexWithin(size: number): number {
    const index = indexOf(token, size);
    if (index === undefined) throw fault();
    return index;
  }
  return {
    find: () => childOf(list, token),
    get: () => list[indexWithin(list.length)]!,
    add: (value) => void list.splice(token === '-' ? list.length : indexWithin(list.length + 1), 0, value),
    set: (value) => void (list[indexWithin(list.length)] = value),
    remove: () => void list.splice(indexWithin(list.length), 1),
  };
}

function childOf(parent: Mutable, token: string): Mutable | undefined {
  if (Array.isArray(parent)) {
    const index = indexOf(token, parent.length);
    return index === undefined ? undefined : (parent as Mutable[])[index];
  }
  return isObject(parent) && Object.hasOwn(parent, token) ? parent[token] : undefined;
}

/** The element's index in a list of that size, if it has one. */
function indexOf(token: string, size: number): number | undefined {
  if (!/^(-?[1-9]\d*|0)$/.test(token)) return undefined;
  const index = Number(token) < 0 ? Number(token) + size : Number(token);
  return index >= 0 && index < size ? index : undefined;
}

/** The tokens of a pointer; `undefined` if it is none. */
function tokensOf(path: string): string[] | undefined {
  if (path === '') return [];
  if (!isPointer(path)) return undefined;
  return path
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Whether a text is a JSON pointer to something within a document. */
export function isPointer(path: string): boolean {
  return path.startsWith('/') && !/~(?![01])/.test(path);
}

function isObject(value: Mutable | undefined): value is { [key: string]: Mutable } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.isFrozen(value);
}
