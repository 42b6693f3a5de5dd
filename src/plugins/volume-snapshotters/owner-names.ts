import { createHash } from 'node:crypto';
import type { Owner } from '../volume-snapshotter.ts';

/** What stands for an owner and what it has made: the same for each attempt, another one for each other owner or source. */
export function ownerDigest({ uid, persistentVolume }: Owner, source: string): string {
  return createHash('sha256')
    .update(JSON.stringify([uid, persistentVolume, source]))
    .digest('hex');
}

/** The digest in the form of a UUID, as names and idempotency tokens like it. */
export function ownerUuid(owner: Owner, source: string): string {
  const hex = ownerDigest(owner, source);
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) % 4];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** Velero's name of a snapshot, `<volume>-<uuid>`, the volume cut so that `longest` characters hold it. */
export function snapshotName(volume: string, uuid: string, longest: number): string {
  return `${volume.slice(0, longest - uuid.length - 1)}-${uuid}`;
}
