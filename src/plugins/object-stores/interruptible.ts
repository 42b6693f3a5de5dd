import type { CallOptions, ObjectStore } from '../object-store.ts';

/** A store all of whose calls end when `signal` fires, beside what signals they are given. */
export function interruptible(store: ObjectStore, signal: AbortSignal): ObjectStore {
  const heeding = <Options extends CallOptions>(options: Options | undefined): Options & CallOptions => {
    const signals = options?.signal ? [signal, options.signal] : [signal];
    return { ...options, signal: AbortSignal.any(signals) } as Options & CallOptions;
  };
  return {
    url: store.url,
    putObject: (key, body, options) => store.putObject(key, body, heeding(options)),
    objectExists: (key, options) => store.objectExists(key, heeding(options)),
    statObject: (key, options) => store.statObject(key, heeding(options)),
    getObject: (key, options) => store.getObject(key, heeding(options)),
    listObjects: (prefix, options) => store.listObjects(prefix, heeding(options)),
    listCommonPrefixes: (prefix, delimiter, options) => store.listCommonPrefixes(prefix, delimiter, heeding(options)),
    deleteObject: (key, options) => store.deleteObject(key, heeding(options)),
    listUploads: (prefix, options) => store.listUploads(prefix, heeding(options)),
    endUpload: (upload, options) => store.endUpload(upload, heeding(options)),
    createSignedUrl: (key, ttlSeconds) => store.createSignedUrl(key, ttlSeconds),
  };
}
