import { renameEscapedKeys } from './escaped-keys.ts';

/** A JSON value as Bowline holds it: plain data, and `RawNumber` where a number has more digits than a double. */
export type JsonValue = null | boolean | number | string | RawNumber | readonly JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** A number kept as its text (`JSON.rawJSON`), so that each digit survives. Frozen; not to be copied by `structuredClone`. */
export interface RawNumber {
  readonly rawJSON: string;
}

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** What ECMAScript's "JSON.parse source text access" adds; Node has it from 21 on. */
const sourceAccess = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/** A number with more digits than a double may hold has at least so many digits and points. */
const longLength = 16;

const longDigits = /\d[\d.]{15}/;

/**
 * Parses JSON without changing the value of any number, nor any key: numbers that a double can't hold become `RawNumber`s, and keys
 * with escapes are read past a fault of V8. Either is slower, and is done only where such a number or key stands.
 *
 * @throws SyntaxError as `JSON.parse` does
 */
export function parseJson(text: string): JsonValue {
  const renamed = renameEscapedKeys(text);
  return renamed === undefined ? parseNumbers(text) : copyJson(parseNumbers(renamed.text), renamed.keys);
}

function parseNumbers(text: string): JsonValue {
  if (!hasLongNumber(text)) return JSON.parse(text) as JsonValue;
  return sourceAccess.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && longDigits.test(source) && String(value) !== source
      ? sourceAccess.rawJSON(source)
      : value,
  ) as JsonValue;
}

/**
 * Whether a number may stand in `text` that has more digits than a double holds. Of 16 digits and points in a row one is met by
 * looking at each 16th character: this takes a tenth of the time of parsing, where a search for them takes almost as long as that.
 */
function hasLongNumber(text: string): boolean {
  for (let at = longLength - 1; at < text.length; at += longLength) {
    if (!isDigitOrPoint(text.charCodeAt(at))) continue;
    let start = at;
    while (start > 0 && isDigitOrPoint(text.charCodeAt(start - 1))) start--;
    let end = at + 1;
    while (isDigitOrPoint(text.charCodeAt(end))) end++;
    if (end - start >= longLength && isValueAt(text, start)) return true;
    at = end;
  }
  return false;
}

/** Whether a value begins at `start`, and not the rest of a text: digests have digits in a row on almost every page of a list. */
function isValueAt(text: string, start: number): boolean {
  const before = text[start - 1] === '-' ? start - 2 : start - 1;
  const at = beforeSpace(text, before);
  if (text[at] === ':') return text[beforeSpace(text, at - 1)] === '"';
  return at < 0 || text[at] === ',' || text[at] === '[';
}

/** The last place up to `at` that holds no white space; -1 if there is none. */
function beforeSpace(text: string, at: number): number {
  let place = at;
  while (place >= 0 && ' \t\r\n'.includes(text[place]!)) place--;
  return place;
}

function isDigitOrPoint(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46;
}

/** Whether `value` is a number kept as text. */
export function isRawNumber(value: unknown): value is RawNumber {
  return sourceAccess.isRawJSON(value);
}

/** Copies plain JSON data deeply; `RawNumber`s, which are frozen, are shared. */
export function cloneJson<T>(value: T): T {
  return copyJson(value);
}

/** A copy in which members are called by what `names` has for their keys. */
function copyJson<T>(value: T, names?: ReadonlyMap<string, string>): T {
  if (value === null || typeof value !== 'object' || isRawNumber(value)) return value;
  if (Array.isArray(value)) return value.map((entry) => copyJson(entry, names)) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) setMember(copy, names?.get(key) ?? key, copyJson(member, names));
  return copy as T;
}

/** Whether two JSON values are equal: objects by their members in any order, lists in order, numbers by their text. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isRawNumber(a) || isRawNumber(b)) return isRawNumber(a) && isRawNumber(b) && a.rawJSON === b.rawJSON;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
  }
  const left = definedKeys(a);
  const right = definedKeys(b);
  return (
    left.length === right.length &&
    left.every((key) => Object.hasOwn(b, key) && equalJson((a as JsonObject)[key], (b as JsonObject)[key]))
  );
}

function definedKeys(value: object): string[] {
  return Object.keys(value).filter((key) => (value as JsonObject)[key] !== undefined);
}

/** Assigns a member; `__proto__` too, which a plain assignment would take for the prototype. */
function setMember(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  else target[key] = value;
}
