import { BowlineError, isPermanent } from '../api/errors.ts';
import { itemKey, type GroupResource, type ResourceIdentifier, type Unstructured } from '../api/unstructured.ts';
import type { KubernetesClient } from './client.ts';

/** Reads of the cluster for item actions, remembered as long as the reader lives: asking for each item costs nothing. */
export interface KubernetesReader {
  /** Whether the cluster serves `groupResource`. */
  serves(groupResource: GroupResource, options?: VersionOption): Promise<boolean>;
  /** Rejects with `NotFound` if the object, or its resource type, is absent. Not to be edited. */
  get(identifier: ResourceIdentifier, options?: VersionOption): Promise<Unstructured>;
  /** All objects of the type, in the API server's order; none if the cluster does not serve it. */
  list(
    groupResource: GroupResource,
    options?: { readonly namespace?: string; readonly labelSelector?: string },
  ): Promise<readonly Unstructured[]>;
}

/** In which version a resource type is meant. */
export interface VersionOption {
  /** Such as `v1beta1`. Default: whether a type is served, in any; an object, in the one that the server prefers. */
  readonly version?: string;
}

/** A reader over `client`. Equal questions share one request; passing faults are not remembered. */
export function readerOf(client: KubernetesClient, signal: AbortSignal): KubernetesReader {
  const answers = new Map<string, Promise<unknown>>();

  function remember<T>(question: string, ask: () => Promise<T>): Promise<T> {
    const known = answers.get(question);
    if (known) return known as Promise<T>;
    const answer = ask();
    answers.set(question, answer);
    answer.catch((error: unknown) => {
      if (!isPermanent(error)) answers.delete(question);
    });
    return answer;
  }

  async function resourceOf(groupResource: GroupResource, { version }: VersionOption = {}) {
    const discovery = await client.discover({ signal });
    if (version === undefined) return discovery.find(groupResource);
    return discovery.all.find((one) => one.groupResource === groupResource && one.version === version);
  }

  return {
    async serves(groupResource, options) {
      return (await resourceOf(groupResource, options)) !== undefined;
    },

    get(identifier, options = {}) {
      return remember(`get ${itemKey(identifier)} ${JSON.stringify(options)}`, async () => {
        const resource = await resourceOf(identifier.groupResource, options);
        if (resource) return client.get(resource, identifier, { signal });
        throw new BowlineError('NotFound', `get ${itemKey(identifier)}: the cluster does not serve this resource`);
      });
    },

    list(groupResource, options = {}) {
      return remember(`list ${groupResource} ${JSON.stringify(options)}`, async () => {
        const resource = await resourceOf(groupResource);
        const items: Unstructured[] = [];
        if (resource === undefined) return items;
        for await (const page of client.listPages(resource, { ...options, signal })) items.push(...page.items);
        return items;
      });
    },
  };
}
