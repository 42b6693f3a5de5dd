import { equalJson, type JsonObject, type JsonValue } from '../api/json.ts';

/** The JSON merge patch that turns `from` into `to`, `undefined` if they are equal. Source: RFC 7386. */
export function mergePatchBetween(from: object, to: object): JsonObject | undefined {
  const patch: Record<string, JsonValue | undefined> = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [(from as JsonObject)[key], (to as JsonObject)[key]];
    if (equalJson(before, after)) continue;
    if (after === undefined) patch[key] = null;
    else patch[key] = isPlainObject(before) && isPlainObject(after) ? mergePatchBetween(before, after) : after;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function isPlainObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !('rawJSON' in value && Object.isFrozen(value))
  );
}
