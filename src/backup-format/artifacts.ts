import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Backup, VolumeSnapshot } from '../api/backup.ts';
import { BowlineError } from '../api/errors.ts';
import { parseJson, type JsonValue } from '../api/json.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** No file beside a tarball unpacks to more than this. */
const maxUnpackedBytes = 1024 * 1024 * 1024;

/** Gzipped JSON as Go's encoder writes it: one line, HTML characters escaped, a newline at the end. */
export function encodeGzipJson(value: unknown): Promise<Uint8Array> {
  return compress(`${goJson(value)}\n`);
}

/** Reads gzipped JSON. @throws BowlineError `CorruptBackup` for anything else */
export async function decodeGzipJson(bytes: Uint8Array): Promise<JsonValue> {
  try {
    return parseJson((await decompress(bytes, { maxOutputLength: maxUnpackedBytes })).toString('utf8'));
  } catch (error) {
    throw new BowlineError('CorruptBackup', `read gzipped JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** `velero-backup.json`: indented, not compressed. Also the record of a restore. */
export function encodeMetadata(object: object): Uint8Array {
  return new TextEncoder().encode(goJson(object, 2));
}

/** Reads `velero-backup.json`. Unknown members and phases are kept. @throws BowlineError `CorruptBackup`, naming what is wrong */
export function decodeMetadata(bytes: Uint8Array): Backup {
  let parsed: unknown;
  try {
    parsed = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new BowlineError('CorruptBackup', `read velero-backup.json: ${(error as Error).message}`, { cause: error });
  }
  const { apiVersion, kind, metadata, spec } = (parsed ?? {}) as Partial<Backup>;
  const problems = [
    apiVersion === 'velero.io/v1' ? [] : `apiVersion: expected velero.io/v1, got ${JSON.stringify(apiVersion)}`,
    kind === 'Backup' ? [] : `kind: expected Backup, got ${JSON.stringify(kind)}`,
    typeof metadata?.name === 'string' ? [] : 'metadata.name: expected text',
  ].flat();
  if (problems.length > 0) throw new BowlineError('CorruptBackup', `read velero-backup.json: ${problems.join('; ')}`);
  return { ...(parsed as Backup), spec: spec ?? {} };
}

/**
 * Snapshots as `-volumesnapshots.json.gz` lists them; `null` is none. Velero before 1.11 wrote `PersistentVolumeName`.
 *
 * @throws BowlineError `CorruptBackup` for anything else
 */
export function decodeVolumeSnapshots(value: JsonValue): VolumeSnapshot[] {
  if (value === null) return [];
  const snapshots = value as unknown as readonly VolumeSnapshot[];
  if (!Array.isArray(value) || !snapshots.every((one) => typeof one?.spec === 'object' && one.spec !== null))
    throw new BowlineError('CorruptBackup', 'read volume snapshots: expected a list of snapshots');
  return snapshots.map((snapshot) => {
    const { PersistentVolumeName: old, ...spec } = snapshot.spec as VolumeSnapshot['spec'] & {
      readonly PersistentVolumeName?: string;
    };
    return {
      ...snapshot,
      spec: { ...spec, persistentVolumeName: spec.persistentVolumeName ?? old ?? '' },
      status: snapshot.status ?? { phase: 'New' },
    };
  });
}

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

function goJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character]!);
}
