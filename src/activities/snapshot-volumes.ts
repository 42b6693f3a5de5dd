import { BowlineError } from '../api/errors.ts';
import { backupTag, backupUidLabel, persistentVolumeTag, sourceVolumeTag } from '../api/labels.ts';
import type { BatchRef, RunRef } from '../api/run.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { SnapshotSummary, VolumeInfo } from '../plugins/volume-snapshotter.ts';
import { awaitReady } from './await-ready.ts';
import { readBackupBatch } from './backup-batch.ts';
import type { Dependencies } from './dependencies.ts';
import { notYet } from './failures.ts';
import { activitySignal, assertLease } from './lease.ts';
import { Remembered } from './remembered.ts';
import type { BackupPlan, OpenRun, Planned } from './plan.ts';

/** Which PersistentVolume of a batch is meant: volumes travel by reference. */
export interface VolumeRef extends Planned {
  readonly batch: BatchRef;
  readonly persistentVolume: string;
}

/** A volume to take a snapshot of. `volumeId` and `zone` are the provider's, `persistentVolume` the object's name. */
export interface CreateSnapshotInput extends Planned {
  readonly location: string;
  readonly volumeId: string;
  readonly zone: string;
  readonly persistentVolume: string;
}

/** The steps that take snapshots of volumes. */
export interface SnapshotVolumesActivities {
  /** The provider's id of a volume; `''` if it is none of the location's. Only reads. */
  getVolumeId(input: VolumeRef & { readonly location: string }): Promise<string>;
  /** Only reads. */
  getVolumeInfo(input: {
    readonly location: string;
    readonly volumeId: string;
    readonly zone: string;
  }): Promise<VolumeInfo>;
  /** Starts a snapshot. Safe to repeat: the same run and PersistentVolume get the same snapshot. */
  createSnapshot(input: CreateSnapshotInput): Promise<string>;
  /** Ends when the snapshot is ready; until then each attempt fails as retryable and says how far it is. */
  awaitSnapshot(input: { readonly location: string; readonly snapshotId: string }): Promise<void>;
  /** Safe to repeat: an absent snapshot counts as deleted. */
  deleteSnapshot(input: { readonly location: string; readonly snapshotId: string }): Promise<void>;
  /**
   * Deletes this run's snapshots that are not in `keep`: where a provider's index lags, a repeated creation may not have found
   * the first one. `since` is when the last one was asked for, in milliseconds since 1970; until the index can't lag behind that
   * any more, each attempt fails as retryable. Snapshots that bear copies of this run's tags are not touched. Safe to repeat.
   * Resolves with the ids it deleted.
   */
  reconcileSnapshots(input: {
    readonly run: RunRef;
    readonly location: string;
    readonly keep: readonly string[];
    readonly since?: number;
  }): Promise<string[]>;
}

/** Batches whose volumes one worker remembers: each of its volumes asks for them again. */
const rememberedBatches = 4;

/** The activities over a worker's dependencies. */
export function createSnapshotVolumes(dependencies: Dependencies, openRun: OpenRun): SnapshotVolumesActivities {
  const { snapshotter, now } = dependencies;
  const batches = new Remembered<ReadonlyMap<string, Unstructured>>(rememberedBatches);

  /** The PersistentVolumes of a batch by name; only to be read. */
  async function volumesOf(input: Planned & { readonly batch: BatchRef }): Promise<ReadonlyMap<string, Unstructured>> {
    const { staging } = await openRun(input);
    return batches.get(input.batch.key, async () => {
      const entries = await readBackupBatch(staging, input.batch);
      const volumes = entries.filter(({ groupResource }) => groupResource === 'persistentvolumes');
      return new Map(volumes.map((volume) => [volume.name, volume.parse()]));
    });
  }

  return {
    async getVolumeId(input) {
      const volume = (await volumesOf(input)).get(input.persistentVolume);
      if (volume === undefined) {
        throw new BowlineError(
          'NotFound',
          `get volume id of ${input.persistentVolume}: no such PersistentVolume in ${input.batch.key}`,
        );
      }
      return (await snapshotter(input.location)).getVolumeId(volume);
    },

    async getVolumeInfo({ location, volumeId, zone }) {
      return (await snapshotter(location)).getVolumeInfo(volumeId, zone, { signal: activitySignal() });
    },

    async createSnapshot(input) {
      const { run, location, volumeId, zone, persistentVolume } = input;
      const { plan } = await openRun<BackupPlan>(input);
      const tags = {
        ...plan.backup.metadata.labels,
        [backupTag]: run.name,
        [persistentVolumeTag]: persistentVolume,
        [backupUidLabel]: run.uid,
        [sourceVolumeTag]: volumeId,
      };
      assertLease();
      const request = { volumeId, zone, tags, owner: { uid: run.uid, persistentVolume } };
      return (await snapshotter(location)).createSnapshot(request, { signal: activitySignal() });
    },

    async awaitSnapshot({ location, snapshotId }) {
      const opened = await snapshotter(location);
      await awaitReady(`snapshot ${snapshotId}`, {
        ask: () => opened.snapshotStatus(snapshotId, { signal: activitySignal() }),
        indexLagMs: opened.indexLagMs,
        now,
      });
    },

    async deleteSnapshot({ location, snapshotId }) {
      await (await snapshotter(location)).deleteSnapshot(snapshotId, { signal: activitySignal() });
    },

    async reconcileSnapshots({ run, location, keep, since = 0 }) {
      const opened = await snapshotter(location);
      const unsettledMs = since + (opened.indexLagMs ?? 0) - now().getTime();
      if (unsettledMs > 0) throw notYet(`a list of ${location} may not show every snapshot yet`, unsettledMs);
      const doubles: string[] = [];
      const signal = activitySignal();
      for await (const snapshot of opened.listSnapshots({ [backupUidLabel]: run.uid }, { signal })) {
        if (!keep.includes(snapshot.snapshotId) && isTakenByUs(snapshot)) doubles.push(snapshot.snapshotId);
      }
      // Only now: a list that is being read may lose its place when something in it goes.
      for (const snapshotId of doubles) await opened.deleteSnapshot(snapshotId, { signal });
      return doubles;
    },
  };
}

/** Whether a snapshot that bears the uid of an unfinished backup is the backup's own: what copies tags takes other volumes' snapshots. */
export function isTakenByUs({ tags, volumeId }: SnapshotSummary): boolean {
  return tags[persistentVolumeTag] !== undefined && tags[sourceVolumeTag] === volumeId;
}
