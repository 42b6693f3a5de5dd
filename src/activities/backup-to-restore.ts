import pLimit from 'p-limit';
import type { Backup, VolumeSnapshot } from '../api/backup.ts';
import { BowlineError, errorCode } from '../api/errors.ts';
import { firstFound } from '../api/first-found.ts';
import type { JsonValue } from '../api/json.ts';
import { scheduleNameLabel } from '../api/labels.ts';
import type { BackupStorageLocation } from '../api/locations.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { decodeMetadata, decodeVolumeSnapshots } from '../backup-format/artifacts.ts';
import { backupLayout, backupsDirectory } from '../backup-format/layout.ts';
import { decodePodVolumeBackups } from '../backup-format/pod-volume-backups.ts';
import { decodeVolumeInfo, type BackupVolumeInfo } from '../backup-format/volume-info.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { describeContents, type ContentsRef } from './backup-contents.ts';
import { bytesOf, gzipJsonOf } from './bytes.ts';
import type { Dependencies } from './dependencies.ts';
import { activitySignal } from './lease.ts';

/** A backup that can be restored, and where it lies. */
export interface FoundBackup {
  readonly location: BackupStorageLocation;
  readonly store: ObjectStore;
  readonly backup: Backup;
}

/** What the files beside a tarball tell. */
export interface BackupFiles {
  readonly snapshots: readonly VolumeSnapshot[];
  readonly podVolumeBackups: readonly Unstructured[];
  readonly volumes: readonly KeptVolume[];
  /** The claims that the VolumeSnapshots of a backup by Velero before 1.17 are of, as `namespace/name`. */
  readonly csiClaims: readonly string[];
  readonly contents: ContentsRef;
}

/** How a backup kept a volume, as far as a restore asks. */
export type KeptVolume = Pick<BackupVolumeInfo, 'pvName' | 'pvcName' | 'pvcNamespace' | 'backupMethod' | 'pvInfo'>;

/** Metadata files read at the same time when the backups of a schedule are looked for. */
const readAtOnce = 16;

/**
 * The first location that holds a finished backup of that name. Rejects with `NotFound`, naming the locations, and for one that is
 * nowhere else with the error of a location that can't be asked.
 */
export async function findBackup(dependencies: Dependencies, name: string): Promise<FoundBackup> {
  const { metadata } = backupLayout(name);
  const { found, failure } = await firstFound(dependencies.config.backupStorageLocations, async (location) => {
    const store = await dependencies.store(location.name);
    if (!(await store.objectExists(metadata, { signal: activitySignal() }))) return undefined;
    return { location, store, backup: decodeMetadata(await bytesOf(store, metadata)) };
  });
  if (found !== undefined) return found;
  if (failure !== undefined) throw failure;
  throw new BowlineError('NotFound', `restore ${name}: no backup of that name in ${searched(dependencies)}`);
}

/**
 * The newest backup of a schedule that is `Completed`, by the time at which it began, in any location; one that is being deleted
 * does not count. Rejects with `NotFound`. Source: Velero v1.18.1 `pkg/controller/restore_controller.go`.
 */
export async function findScheduledBackup(dependencies: Dependencies, schedule: string): Promise<FoundBackup> {
  const candidates: FoundBackup[] = [];
  for (const location of dependencies.config.backupStorageLocations) {
    const store = await dependencies.store(location.name);
    const limit = pLimit(readAtOnce);
    const reading: Promise<FoundBackup | undefined>[] = [];
    for await (const directory of store.listCommonPrefixes(backupsDirectory, '/', { signal: activitySignal() })) {
      reading.push(limit(() => readCandidate({ location, store }, directory.slice(backupsDirectory.length, -1))));
    }
    candidates.push(...(await Promise.all(reading)).filter((found) => found !== undefined));
  }
  const completed = candidates
    .filter(({ backup: { metadata, status } }) => {
      return metadata.labels?.[scheduleNameLabel] === schedule && status?.phase === 'Completed';
    })
    .sort((a, b) => (startOf(a) < startOf(b) ? 1 : -1));
  for (const found of completed) {
    const { deletion } = backupLayout(found.backup.metadata.name);
    if (!(await found.store.objectExists(deletion, { signal: activitySignal() }))) return found;
  }
  throw new BowlineError(
    'NotFound',
    `restore of schedule ${schedule}: no completed backup in ${searched(dependencies)}`,
  );
}

async function readCandidate(
  place: Pick<FoundBackup, 'location' | 'store'>,
  name: string,
): Promise<FoundBackup | undefined> {
  try {
    return { ...place, backup: decodeMetadata(await bytesOf(place.store, backupLayout(name).metadata)) };
  } catch (error) {
    // One without metadata is none, or not yet; one that can't be read is not what is looked for.
    if (['NotFound', 'CorruptBackup', 'InvalidSpec'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

function startOf({ backup }: FoundBackup): string {
  return backup.status?.startTimestamp ?? '';
}

function searched({ config }: Dependencies): string {
  const names = config.backupStorageLocations.map((location) => location.name).join(', ');
  return `the storage locations (${names || 'none'})`;
}

/**
 * Reads what is needed of the files beside a tarball. Absent files and `null` are empty lists. Rejects with `CorruptBackup` for a file
 * that is damaged, or no tarball.
 */
export async function readBackupFiles(store: ObjectStore, name: string): Promise<BackupFiles> {
  const layout = backupLayout(name);
  const read = async <T>(key: string, decode: (value: JsonValue) => T): Promise<T> => {
    try {
      return await gzipJsonOf(store, key, decode);
    } catch (error) {
      if (errorCode(error) !== 'CorruptBackup') throw error;
      const reason = (error as Error).message;
      throw new BowlineError('CorruptBackup', `restore ${name}: ${store.url}/${key}: ${reason}`, { cause: error });
    }
  };
  const contents = await describeContents(store, name);
  return {
    snapshots: await read(layout.volumeSnapshots, decodeVolumeSnapshots),
    podVolumeBackups: await read(layout.podVolumeBackups, decodePodVolumeBackups),
    volumes: await read(layout.volumeInfo, volumesIn),
    csiClaims: await read(layout.csiVolumeSnapshots, claimsOfSnapshots),
    contents,
  };
}

function volumesIn(value: JsonValue): KeptVolume[] {
  return decodeVolumeInfo<BackupVolumeInfo>(value).map(({ pvName, pvcName, pvcNamespace, backupMethod, pvInfo }) => ({
    ...(pvName !== undefined && { pvName }),
    ...(pvcName !== undefined && { pvcName }),
    ...(pvcNamespace !== undefined && { pvcNamespace }),
    ...(backupMethod !== undefined && { backupMethod }),
    ...(pvInfo && { pvInfo }),
  }));
}

/** Source: Velero v1.18.1 `pkg/restore/restore.go`, hasCSIVolumeSnapshot. */
function claimsOfSnapshots(value: JsonValue): string[] {
  const snapshots = (value ?? []) as unknown as readonly (Unstructured & {
    readonly spec?: { readonly source?: { readonly persistentVolumeClaimName?: string | null } };
  })[];
  if (!Array.isArray(snapshots) || !snapshots.every((one) => typeof one?.metadata === 'object'))
    throw new BowlineError('CorruptBackup', 'read CSI volume snapshots: expected a list of objects');
  return snapshots.flatMap(({ metadata, spec }) => {
    const claim = spec?.source?.persistentVolumeClaimName;
    return claim == null ? [] : [`${metadata.namespace}/${claim}`];
  });
}
