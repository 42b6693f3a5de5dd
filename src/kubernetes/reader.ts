import { BowlineError, isPermanent } from '../api/errors.ts';
import { itemKey, type GroupResource, type ResourceIdentifier, type Unstructured } from '../api/unstructured.ts';
import type { KubernetesClient } from './client.ts';

/** Reads of the cluster for item actions, remembered as long as the reader lives: asking for each item costs nothing. */
export interface KubernetesReader {
  /** Whether the cluster serves `groupResource` in any version. */
  serves(groupResource: GroupResource): Promise<boolean>;
  /** Rejects with `NotFound` if the object, or its resource type, is absent. */
  get(identifier: ResourceIdentifier): Promise<Unstructured>;
  /** All objects of the type, in the API server's order; none if the cluster does not serve it. */
  list(
    groupResource: GroupResource,
    options?: { readonly namespace?: string; readonly labelSelector?: string },
  ): Promise<readonly Unstructured[]>;
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

  async function resourceOf(groupResource: GroupResource) {
    return (await client.discover({ signal })).find(groupResource);
  }

  return {
    async serves(groupResource) {
      return (await resourceOf(groupResource)) !== undefined;
    },

    get(identifier) {
      return remember(`get ${itemKey(identifier)}`, async () => {
        const resource = await resourceOf(identifier.groupResource);
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
