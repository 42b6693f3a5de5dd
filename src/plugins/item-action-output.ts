import { parseGoDuration } from '../api/duration.ts';
import { BowlineError } from '../api/errors.ts';
import { isRawNumber, parseJson } from '../api/json.ts';
import { groupOf, type ResourceIdentifier, type Unstructured } from '../api/unstructured.ts';
import type { RestoreItemActionOutput } from './item-action.ts';

/** What makes an object that object, for as long as actions change it. */
export interface ItemIdentity {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Which object an item is. An action may change its version, and no more of this. */
export function identityOf({ apiVersion, kind, metadata }: Unstructured): ItemIdentity {
  return { group: groupOf(apiVersion), kind, namespace: metadata.namespace ?? '', name: metadata.name };
}

/**
 * The output of an action that is not Bowline's own, as plain JSON of the right shape. `before` is the item as it was given.
 *
 * @throws BowlineError `InvalidItem` with what is wrong, without a value of the item
 */
export function checkedOutput(output: unknown, before: ItemIdentity): RestoreItemActionOutput {
  if (!isObject(output)) throw refused(`gave ${typeOf(output)}; expected { updatedItem }`);
  const { updatedItem, additionalItems = [], skipRestore = false, waitForAdditionalItems = false } = output;
  for (const [name, value] of Object.entries({ skipRestore, waitForAdditionalItems }))
    if (typeof value !== 'boolean') throw refused(`gave ${typeOf(value)} for ${name}; expected a boolean`);
  const timeout = output['additionalItemsReadyTimeout'];
  if (timeout !== undefined && (typeof timeout !== 'string' || parseGoDuration(timeout) === undefined))
    throw refused('gave no duration such as 1m30s for additionalItemsReadyTimeout');
  if (!Array.isArray(additionalItems))
    throw refused(`gave ${typeOf(additionalItems)} for additionalItems; expected a list`);
  return {
    updatedItem: checkedItem(updatedItem, before),
    additionalItems: additionalItems.map(checkedIdentifier),
    skipRestore: skipRestore === true,
    ...(waitForAdditionalItems === true && { waitForAdditionalItems }),
    ...(timeout !== undefined && { additionalItemsReadyTimeout: timeout }),
  };
}

function checkedItem(updatedItem: unknown, before: ItemIdentity): Unstructured {
  // What is no JSON by now must not meet anybody later: a cycle, a big integer, a getter that throws.
  const item = parseJson(jsonOf(updatedItem)) as unknown as Partial<Unstructured> | null;
  const isItem =
    isObject(item) && typeof item.apiVersion === 'string' && typeof item.kind === 'string' && isObject(item.metadata);
  if (!isItem) throw refused('gave an updatedItem that is no object with apiVersion, kind and metadata');
  const after = identityOf(item as Unstructured);
  for (const key of ['group', 'kind', 'namespace', 'name'] as const) {
    if (after[key] !== before[key])
      throw refused(`gave another object than it was given: the ${key} was ${JSON.stringify(before[key])}`);
  }
  return item as Unstructured;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    throw refused(`gave an updatedItem that is no JSON (${(error as Error).name})`);
  }
}

function checkedIdentifier(identifier: unknown, index: number): ResourceIdentifier {
  const { groupResource, namespace, name } = (isObject(identifier) ? identifier : {}) as Partial<ResourceIdentifier>;
  if (typeof groupResource !== 'string' || !/^[a-z0-9][a-z0-9-]*(\.[a-z0-9.-]+)?$/.test(groupResource))
    throw refused(`gave additionalItems[${index}] without a groupResource such as deployments.apps`);
  if (typeof namespace !== 'string' || !/^[a-z0-9.-]*$/.test(namespace))
    throw refused(`gave additionalItems[${index}] without a namespace; expected "" for a cluster-scoped object`);
  if (typeof name !== 'string' || name === '' || name.includes('/'))
    throw refused(`gave additionalItems[${index}] without a name`);
  return { groupResource, namespace, name };
}

function refused(what: string): BowlineError {
  return new BowlineError('InvalidItem', `the action ${what}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}
