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

/** A number with more digits than a double may hold; a point may stand among them. */
const longDigits = /\d[\d.]{15}/;

/** Where such a number may stand: not within a text, for digests have digits in a row on almost every page of a list. */
const longNumber = /(?:^|"\s*:|[[,])\s*-?\d[\d.]{15}/;

/**
 * Parses JSON without changing the value of any number: those that a double can't hold become `RawNumber`s.
 * The exact way is several times slower, so it is taken only for texts with a number of 16 digits and points in a row.
 *
 * @throws SyntaxError as `JSON.parse` does
 */
export function parseJson(text: string): JsonValue {
  if (!longNumber.test(text)) return JSON.parse(text) as JsonValue;
  return sourceAccess.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && longDigits.test(source) && String(value) !== source
      ? sourceAccess.rawJSON(source)
      : value,
  ) as JsonValue;
}

/** Whether `value` is a number kept as text. */
export function isRawNumber(value: unknown): value is RawNumber {
  return sourceAccess.isRawJSON(value);
}

/** Copies plain JSON data deeply; `RawNumber`s, which are frozen, are shared. */
export function cloneJson<T>(value: T): T {
  if (value === null || typeof value !== 'object' || isRawNumber(value)) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) setMember(copy, key, cloneJson(member));
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
