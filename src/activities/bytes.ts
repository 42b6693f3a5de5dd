import { BowlineError } from '../api/errors.ts';
import type { JsonValue } from '../api/json.ts';
import { decodeGzipJson } from '../backup-format/artifacts.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { activitySignal } from './lease.ts';

/** No metadata file or list beside a backup comes near this. */
const maxBytes = 256 * 1024 * 1024;

/** A whole small object. @throws BowlineError `CorruptBackup` beyond 256 MiB */
export async function bytesOf(store: ObjectStore, key: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of await store.getObject(key, { signal: activitySignal() })) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes)
      throw new BowlineError('CorruptBackup', `read ${store.url}/${key}: larger than ${maxBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** The decoded content of a gzipped JSON file; what `decode` makes of `null` if there is none. */
export async function gzipJsonOf<T>(store: ObjectStore, key: string, decode: (value: JsonValue) => T): Promise<T> {
  if (!(await store.objectExists(key, { signal: activitySignal() }))) return decode(null);
  return decode(await decodeGzipJson(await bytesOf(store, key)));
}

/** A small object that holds a JSON object; `undefined` for anything else. */
export async function jsonObjectOf(store: ObjectStore, key: string): Promise<Record<string, unknown> | undefined> {
  const text = Buffer.from(await bytesOf(store, key)).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
