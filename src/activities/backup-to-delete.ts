import type { Backup, VolumeSnapshot } from '../api/backup.ts';
import { BowlineError, errorCode } from '../api/errors.ts';
import { backupTag } from '../api/labels.ts';
import { decodeMetadata, decodeVolumeSnapshots } from '../backup-format/artifacts.ts';
import { backupLayout } from '../backup-format/layout.ts';
import { decodePodVolumeBackups } from '../backup-format/pod-volume-backups.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { bytesOf, gzipJsonOf } from './bytes.ts';
import { activitySignal } from './lease.ts';

/** What a deletion has to know of a backup. */
export interface BackupToDelete {
  /** Absent if its metadata is not there, or damaged. */
  readonly backup?: Backup;
  readonly snapshots: readonly VolumeSnapshot[];
  /** What will not be deleted, for people. */
  readonly remarks: readonly string[];
}

/** Reads it; rejects with `CorruptBackup` if the list of snapshots can't be read: they would be lost. */
export async function readBackupToDelete(store: ObjectStore, name: string): Promise<BackupToDelete> {
  const remarks: string[] = [];
  const backup = await readBackup(store, name).catch((error: unknown) => {
    if (errorCode(error) !== 'CorruptBackup') throw error;
    remarks.push(`${(error as Error).message}: snapshots that no file records can't be looked for`);
    return undefined;
  });
  const snapshots = await readSnapshots(store, name);
  remarks.push(...(await volumesElsewhere(store, name)));
  return { ...(backup && { backup }), snapshots, remarks };
}

/** The uid of the backup that is there; `undefined` if there is none, or its metadata is damaged. */
export async function uidOf(store: ObjectStore, name: string): Promise<string | undefined> {
  const backup = await readBackup(store, name).catch((error: unknown) => {
    if (errorCode(error) !== 'CorruptBackup') throw error;
    return undefined;
  });
  return backup?.metadata.uid;
}

async function readBackup(store: ObjectStore, name: string): Promise<Backup | undefined> {
  const { metadata } = backupLayout(name);
  if (!(await store.objectExists(metadata, { signal: activitySignal() }))) return undefined;
  return decodeMetadata(await bytesOf(store, metadata));
}

async function readSnapshots(store: ObjectStore, name: string): Promise<VolumeSnapshot[]> {
  const { volumeSnapshots } = backupLayout(name);
  try {
    return await gzipJsonOf(store, volumeSnapshots, decodeVolumeSnapshots);
  } catch (error) {
    if (errorCode(error) !== 'CorruptBackup') throw error;
    throw new BowlineError(
      'CorruptBackup',
      `delete backup ${name}: ${(error as Error).message}; find its snapshots by the tag ${backupTag}=${name}, delete them, remove ${store.url}/${volumeSnapshots}, and delete the backup again`,
      { cause: error },
    );
  }
}

/** What of the backup's volumes lies in repositories that only Velero knows. A list that can't be read is none to go by. */
async function volumesElsewhere(store: ObjectStore, name: string): Promise<string[]> {
  const { podVolumeBackups } = backupLayout(name);
  try {
    const objects = await gzipJsonOf(store, podVolumeBackups, decodePodVolumeBackups);
    const kept = objects.filter(({ status }) => (status as { snapshotID?: string } | undefined)?.snapshotID).length;
    return kept === 0 ? [] : [`the data of ${kept} pod volume backups stays in their repositories`];
  } catch (error) {
    if (errorCode(error) !== 'CorruptBackup') throw error;
    return [`${(error as Error).message}: the data of pod volume backups stays in their repositories`];
  }
}
