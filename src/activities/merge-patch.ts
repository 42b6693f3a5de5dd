import { equalJson, type JsonObject, type JsonValue } from '../api/json.ts';

/** The JSON merge patch that turns `from` into `to`, `undefined` if they are equal. Source: RFC 7386. */
export function mergePatchBetween(from: object, to: object): JsonObject | undefined {
  const changes: [string, JsonValue | undefined][] = [];
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [member(from, key), member(to, key)];
    if (equalJson(before, after)) continue;
    if (after === undefined) changes.push([key, null]);
    else changes.push([key, isPlainObject(before) && isPlainObject(after) ? mergePatchBetween(before, after) : after]);
  }
  // `fromEntries` takes a key such as `__proto__`, which a ConfigMap may have, as any other.
  return changes.length === 0 ? undefined : (Object.fromEntries(changes) as JsonObject);
}

function member(object: object, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? (object as JsonObject)[key] : undefined;
}

function isPlainObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !('rawJSON' in value && Object.isFrozen(value))
  );
}
