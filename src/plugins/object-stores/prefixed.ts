import type { ObjectStore, PendingUpload } from '../object-store.ts';

/** A store's keys below a location's prefix, which keys and lists here do not show. */
export function prefixed(store: ObjectStore, prefix: string): ObjectStore {
  const root = prefix.replace(/^\/+|\/+$/g, '');
  if (root === '') return store;
  const at = (key: string): string => `${root}/${key}`;
  async function* without(keys: AsyncIterable<string>): AsyncIterable<string> {
    for await (const key of keys) yield key.slice(root.length + 1);
  }
  async function* uploadsBelow(uploads: AsyncIterable<PendingUpload>): AsyncIterable<PendingUpload> {
    for await (const { key, ...upload } of uploads)
      yield { ...upload, ...(key !== undefined && { key: key.slice(root.length + 1) }) };
  }
  return {
    url: `${store.url}/${root}`,
    putObject: (key, body, options) => store.putObject(at(key), body, options),
    objectExists: (key, options) => store.objectExists(at(key), options),
    statObject: (key, options) => store.statObject(at(key), options),
    getObject: (key, options) => store.getObject(at(key), options),
    listObjects: (from, options) => without(store.listObjects(at(from), options)),
    listCommonPrefixes: (from, delimiter, options) => without(store.listCommonPrefixes(at(from), delimiter, options)),
    deleteObject: (key, options) => store.deleteObject(at(key), options),
    listUploads: (from, options) => uploadsBelow(store.listUploads(at(from), options)),
    endUpload: ({ key, ...upload }, options) =>
      store.endUpload({ ...upload, ...(key !== undefined && { key: at(key) }) }, options),
    createSignedUrl: (key, ttlSeconds) => store.createSignedUrl(at(key), ttlSeconds),
  };
}
