import type { ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import { BowlineError, errorCode } from '../api/errors.ts';
import type { ApiResource } from '../api/api-resource.ts';
import type { KubernetesClient } from './client.ts';
import { readerOf, type KubernetesReader } from './reader.ts';

/** The cluster, for item actions that change it. After a write, reads ask anew. */
export interface KubernetesWriter extends KubernetesReader {
  /**
   * Creates the object in its own `metadata.namespace`; resolves with the server's answer. Rejects with `AlreadyExists`, and with
   * `NotFound` if the cluster does not serve its kind.
   */
  create(object: Unstructured): Promise<Unstructured>;
  /** Applies a JSON merge patch; resolves with the object as it is then. Rejects with `NotFound`. */
  mergePatch(identifier: ResourceIdentifier, patch: object): Promise<Unstructured>;
  /** Deletes the object; absent is fine. Waits for nothing: finalizers may keep it for a while. */
  delete(identifier: ResourceIdentifier): Promise<void>;
}

/** A writer over `client`. `assertMayWrite` is called before each write, and stops it by throwing. */
export function writerOf(
  client: KubernetesClient,
  { signal, assertMayWrite }: { readonly signal: AbortSignal; readonly assertMayWrite: () => void },
): KubernetesWriter {
  let reader = readerOf(client, signal);

  async function write<T>(call: () => Promise<T>): Promise<T> {
    assertMayWrite();
    try {
      return await call();
    } finally {
      reader = readerOf(client, signal);
    }
  }

  async function resourceOf(tried: string, { groupResource, name }: ResourceIdentifier): Promise<ApiResource> {
    const resource = (await client.discover({ signal })).find(groupResource);
    if (resource) return resource;
    throw new BowlineError('NotFound', `${tried} ${groupResource} ${name}: the cluster does not serve this resource`);
  }

  return {
    serves: (groupResource, options) => reader.serves(groupResource, options),
    get: (identifier, options) => reader.get(identifier, options),
    list: (groupResource, options) => reader.list(groupResource, options),

    async create(object) {
      const { apiVersion, kind } = object;
      const resource = (await client.discover({ signal })).findKind(apiVersion, kind);
      if (resource) return write(() => client.create(resource, object, { signal }));
      throw new BowlineError('NotFound', `create ${apiVersion} ${kind}: the cluster does not serve this kind`);
    },

    async mergePatch(identifier, patch) {
      const resource = await resourceOf('patch', identifier);
      return write(() => client.mergePatch(resource, identifier, patch, { signal }));
    },

    async delete(identifier) {
      try {
        const resource = await resourceOf('delete', identifier);
        await write(() => client.delete(resource, identifier, { signal }));
      } catch (error) {
        if (errorCode(error) !== 'NotFound') throw error;
      }
    },
  };
}
