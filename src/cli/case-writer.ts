import { cloneJson } from '../api/json.ts';
import type { GroupResource, ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import type { KubernetesReader, KubernetesWriter } from '../plugins/index.ts';
import { resourceOf, type Verb } from './case-cluster.ts';

/** What an action would have changed in the cluster, as it sent it. */
export type Effect =
  | { readonly op: 'create'; readonly object: Unstructured }
  | { readonly op: 'patch'; readonly object: ResourceIdentifier; readonly patch: object }
  | { readonly op: 'delete'; readonly object: ResourceIdentifier };

/**
 * A cluster that an action may change: its writes are noted in `effects`, in order, and not made, so that reads go on seeing what was
 * there before. `refuse` throws where the API server would.
 */
export function effectsWriter(
  reader: KubernetesReader,
  { effects, refuse }: { readonly effects: Effect[]; readonly refuse: (verb: Verb, of: GroupResource) => void },
): KubernetesWriter {
  return {
    serves: reader.serves,
    get: reader.get,
    list: reader.list,

    async create(object) {
      refuse('create', resourceOf(object));
      effects.push({ op: 'create', object: cloneJson(object) });
      return cloneJson(object);
    },

    async mergePatch(identifier, patch) {
      refuse('patch', identifier.groupResource);
      const found = await reader.get(identifier);
      effects.push({ op: 'patch', object: identifier, patch: cloneJson(patch) });
      return patched(found, patch) as Unstructured;
    },

    async delete(identifier) {
      refuse('delete', identifier.groupResource);
      effects.push({ op: 'delete', object: identifier });
    },
  };
}

/** Source: RFC 7386. */
function patched(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return cloneJson(patch);
  const result = new Map(isObject(target) ? Object.entries(cloneJson(target)) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, patched(result.get(key), value));
  }
  return Object.fromEntries(result);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
