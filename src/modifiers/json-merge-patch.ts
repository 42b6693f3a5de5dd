import { cloneJson, isRawNumber, type JsonObject, type JsonValue } from '../api/json.ts';

/** Applies a JSON merge patch: members are merged, `null` removes, everything else replaces. Changes nothing. Source: RFC 7386. */
export function applyMergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return cloneJson(patch);
  const members = new Map<string, JsonValue | undefined>(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === undefined) members.delete(name);
    else members.set(name, applyMergePatch(members.get(name), value));
  }
  return cloneJson(Object.fromEntries(members) as JsonObject);
}

/** Whether a value is an object, and no list or number kept as text. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}
