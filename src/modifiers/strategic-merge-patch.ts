import { cloneJson, equalJson, type JsonObject, type JsonValue } from '../api/json.ts';
import { BowlineError } from '../api/errors.ts';
import { isJsonObject } from './json-merge-patch.ts';
import type { MergeRule, MergeRules } from './merge-keys.ts';

const orderPrefix = '$setElementOrder/';
const deletionPrefix = '$deleteFromPrimitiveList/';

/**
 * Applies a strategic merge patch with its directives (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`).
 * Changes nothing. Source: Kubernetes 1.36 `staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go`.
 *
 * @throws BowlineError `InvalidItem`, naming the field, for a directive that is none, and an element without its merge key
 */
export function applyStrategicMergePatch(object: JsonObject, patch: JsonObject, rules: MergeRules): JsonObject {
  return cloneJson(mergeObjects(object, patch, { fields: rules, path: '' }));
}

/** Where in the object, and what holds there. */
interface Place extends MergeRule {
  readonly path: string;
}

function mergeObjects(original: JsonObject, patch: JsonObject, { fields = {}, path }: Place): JsonObject {
  const { $patch, $retainKeys, ...changes } = patch;
  if ($patch === 'replace') return withoutDirectives(changes);
  if ($patch === 'delete') return {};
  if ($patch !== undefined && $patch !== 'merge') throw fault(path, `$patch is ${JSON.stringify($patch)}`);

  const members = new Map<string, JsonValue | undefined>(Object.entries(retained(original, $retainKeys, path)));
  for (const [name, value] of Object.entries(changes)) {
    if (name.startsWith(deletionPrefix)) deleteFrom(members, name.slice(deletionPrefix.length), value);
    else if (name.startsWith('$') && !name.startsWith(orderPrefix)) throw fault(path, `${name} is no directive`);
  }
  for (const [name, value] of Object.entries(changes)) {
    if (name.startsWith('$')) continue;
    const place = { ...fields[name], path: `${path}/${name}` };
    if (value === null || value === undefined) members.delete(name);
    else members.set(name, mergeValues(members.get(name), value, place));
  }
  for (const [name, order] of Object.entries(changes)) {
    if (!name.startsWith(orderPrefix)) continue;
    const field = name.slice(orderPrefix.length);
    const list = members.get(field);
    if (Array.isArray(list)) members.set(field, inOrder(list, order, { before: original[field], ...fields[field] }));
  }
  return Object.fromEntries(members) as JsonObject;
}

function mergeValues(original: JsonValue | undefined, value: JsonValue, place: Place): JsonValue {
  if (isJsonObject(value)) {
    if (place.isReplaced) return withoutDirectives(value);
    return mergeObjects(isJsonObject(original) ? original : {}, value, place);
  }
  if (!Array.isArray(value)) return value;
  const list: readonly JsonValue[] = Array.isArray(original) ? original : [];
  if (place.isSet) return [...list, ...value.filter((one) => !list.some((known) => equalJson(known, one)))];
  return place.mergeKey === undefined ? value : mergeLists(list, value as readonly JsonValue[], place.mergeKey, place);
}

function mergeLists(
  original: readonly JsonValue[],
  patch: readonly JsonValue[],
  mergeKey: string,
  place: Place,
): JsonValue {
  const elements = patch.map((element) => {
    if (isJsonObject(element)) return element;
    throw fault(place.path, 'expected a list of objects');
  });
  const isReplacing = elements.some(({ $patch }) => $patch === 'replace');
  if (isReplacing) return elements.filter(({ $patch }) => $patch === undefined).map(withoutDirectives);

  const merged = [...original];
  for (const element of elements) {
    const key = element[mergeKey];
    if (key === undefined) throw fault(place.path, `an element has no ${mergeKey}, by which elements are told apart`);
    const index = merged.findIndex((one) => isJsonObject(one) && equalJson(one[mergeKey], key));
    const known = index < 0 ? {} : (merged[index] as JsonObject);
    if (element['$patch'] !== 'delete') {
      const result = mergeObjects(known, element, place);
      if (index < 0) merged.push(result);
      else merged[index] = result;
    } else if (index >= 0) merged.splice(index, 1);
  }
  return merged;
}

/** What of an object stays: all but what `$retainKeys` does not name. */
function retained(original: JsonObject, keys: JsonValue | undefined, path: string): JsonObject {
  if (keys === undefined) return original;
  if (!Array.isArray(keys)) throw fault(path, '$retainKeys is no list');
  return Object.fromEntries(Object.entries(original).filter(([name]) => (keys as JsonValue[]).includes(name)));
}

function deleteFrom(members: Map<string, JsonValue | undefined>, field: string, deleted: JsonValue | undefined): void {
  const list = members.get(field);
  if (!Array.isArray(list) || !Array.isArray(deleted)) return;
  members.set(
    field,
    (list as JsonValue[]).filter((one) => !(deleted as JsonValue[]).some((gone) => equalJson(one, gone))),
  );
}

/** Puts the elements that `order` names in its order; the others keep their place among them as far as they had one. */
function inOrder(
  list: readonly JsonValue[],
  order: JsonValue | undefined,
  { before, mergeKey }: MergeRule & { readonly before: JsonValue | undefined },
): JsonValue {
  const keyOf = (element: JsonValue): JsonValue | undefined =>
    mergeKey !== undefined && isJsonObject(element) ? element[mergeKey] : element;
  const rankIn = (elements: JsonValue | undefined, element: JsonValue): number =>
    Array.isArray(elements) ? (elements as JsonValue[]).findIndex((one) => equalJson(keyOf(one), keyOf(element))) : -1;
  const named = list.filter((one) => rankIn(order, one) >= 0).sort((a, b) => rankIn(order, a) - rankIn(order, b));
  const others = list.filter((one) => rankIn(order, one) < 0);
  const ordered: JsonValue[] = [];
  while (named.length > 0 && others.length > 0) {
    const [rankOfNamed, rankOfOther] = [rankIn(before, named[0]!), rankIn(before, others[0]!)];
    const otherWasFirst = rankOfNamed >= 0 && rankOfOther >= 0 && rankOfOther < rankOfNamed;
    ordered.push((otherWasFirst ? others : named).shift()!);
  }
  return [...ordered, ...named, ...others];
}

/** A value that comes from the patch alone: what would remove or direct something has no say there. */
function withoutDirectives(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => !name.startsWith('$') && member !== null)
      .map(([name, member]) => [name, isJsonObject(member) ? withoutDirectives(member) : member]),
  );
}

function fault(path: string, reason: string): BowlineError {
  return new BowlineError('InvalidItem', `strategic merge patch, ${path || '/'}: ${reason}`);
}
