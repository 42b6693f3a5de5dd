import { BowlineError, errorText } from '../api/errors.ts';
import { parseJson } from '../api/json.ts';
import type { ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import { backupLayout } from '../backup-format/layout.ts';
import type { TarballItem } from '../backup-format/tarball.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { bytesOf } from './bytes.ts';
import { activitySignal } from './lease.ts';

/** A backup's tarball: its size, and its digest where the backup records one. */
export interface ContentsRef {
  readonly bytes: number;
  readonly sha256?: string;
  /** Why its digest is not checked, where that is worth a warning. */
  readonly remark?: string;
}

/** Looks at a backup's tarball without reading it. Fails with `CorruptBackup` if it is missing, or not what its index describes. */
export async function describeContents(store: ObjectStore, name: string): Promise<ContentsRef> {
  const { contents, segments } = backupLayout(name);
  const signal = activitySignal();
  if (!(await store.objectExists(contents, { signal }))) {
    throw new BowlineError(
      'CorruptBackup',
      `read backup ${name}: ${store.url}/${contents} is missing; a backup that failed holds no items`,
    );
  }
  const { bytes } = await store.statObject(contents, { signal });
  if (!(await store.objectExists(segments, { signal }))) return { bytes };
  const index = indexOf(await bytesOf(store, segments), `read backup ${name}: ${store.url}/${segments}`);
  if (index.version !== undefined && index.version !== 1) {
    const version = JSON.stringify(index.version);
    const remark = `${segments} is of version ${version}, which this version does not know: the tarball's digest is not checked`;
    return { bytes, remark };
  }
  if (index.bytes !== bytes) {
    throw new BowlineError(
      'CorruptBackup',
      `read backup ${name}: ${store.url}/${contents} holds ${bytes} bytes, its index says ${String(index.bytes)}`,
    );
  }
  return { bytes, ...(typeof index.sha256 === 'string' && { sha256: index.sha256 }) };
}

function indexOf(body: Uint8Array, tried: string): { version?: unknown; bytes?: unknown; sha256?: unknown } {
  try {
    const index: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (typeof index === 'object' && index !== null) return index;
  } catch {
    // Told below: what a parser says quotes the text.
  }
  throw new BowlineError('CorruptBackup', `${tried}: no JSON object`);
}

/** Who is told of an item that can't be read. */
interface Complaints {
  error(message: string, item: ResourceIdentifier, error?: string): void;
}

/** An entry of the tarball as the object that its path names; `undefined` if it is none, which `complaints` is told of. */
export function parseItem(
  { groupResource, namespace, name, body }: TarballItem,
  complaints: Complaints,
): Unstructured | undefined {
  const identifier = { groupResource, namespace, name };
  try {
    const item = parseJson(body.toString('utf8')) as unknown as Unstructured;
    if (typeof item?.apiVersion === 'string' && typeof item.kind === 'string' && item.metadata?.name === name)
      return item;
    complaints.error('Item in the backup is no Kubernetes object of that name', identifier);
  } catch (error) {
    complaints.error('Item in the backup is no JSON', identifier, errorText(error));
  }
  return undefined;
}
