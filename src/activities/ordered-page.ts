import type { ApiResource } from '../api/api-resource.ts';
import { errorCode, errorText } from '../api/errors.ts';
import type { ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { isItemError } from './item-errors.ts';
import { activitySignal } from './lease.ts';

/** Items that were got one by one, in the order asked for. */
export interface OrderedPage {
  readonly items: readonly Unstructured[];
  /** Those that are not there, or could not be got: then with what the server said. */
  readonly missing: readonly { readonly identifier: ResourceIdentifier; readonly error?: string }[];
}

/** Gets the items that a backup takes first. One that can't be got is told, and the others are collected. */
export async function orderedPage(
  kubernetes: KubernetesClient,
  resource: ApiResource,
  identifiers: readonly ResourceIdentifier[],
): Promise<OrderedPage> {
  const signal = activitySignal();
  const items: Unstructured[] = [];
  const missing: { identifier: ResourceIdentifier; error?: string }[] = [];
  for (const identifier of identifiers) {
    try {
      items.push(await kubernetes.get(resource, identifier, { signal }));
    } catch (error) {
      if (!isItemError(error)) throw error;
      missing.push({ identifier, ...(errorCode(error) !== 'NotFound' && { error: errorText(error) }) });
    }
  }
  return { items, missing };
}
