import { BowlineError } from '../api/errors.ts';
import { backupTag, backupUidLabel, persistentVolumeTag } from '../api/labels.ts';
import type { BatchRef, RunRef } from '../api/run.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { VolumeInfo } from '../plugins/volume-snapshotter.ts';
import { readBatch, type BackupBatchItem } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { notYet } from './failures.ts';
import { activitySignal, assertLease } from './lease.ts';
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
   * the first one. Safe to repeat. Resolves with the ids it deleted.
   */
  reconcileSnapshots(input: {
    readonly run: RunRef;
    readonly location: string;
    readonly keep: readonly string[];
  }): Promise<string[]>;
}

/** How long until a provider that names no time is asked again. */
const pollAfterMs = 5_000;

/** The activities over a worker's dependencies. */
export function createSnapshotVolumes(dependencies: Dependencies, openRun: OpenRun): SnapshotVolumesActivities {
  const { snapshotter } = dependencies;

  async function volumesOf(input: Planned & { readonly batch: BatchRef }): Promise<Unstructured[]> {
    const { staging } = await openRun(input);
    const items = await readBatch<BackupBatchItem>(staging, input.batch);
    return items.filter(({ groupResource }) => groupResource === 'persistentvolumes').map(({ item }) => item);
  }

  return {
    async getVolumeId(input) {
      const volume = (await volumesOf(input)).find(({ metadata }) => metadata.name === input.persistentVolume);
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
      };
      assertLease();
      const request = { volumeId, zone, tags, owner: { uid: run.uid, persistentVolume } };
      return (await snapshotter(location)).createSnapshot(request, { signal: activitySignal() });
    },

    async awaitSnapshot({ location, snapshotId }) {
      const status = await (await snapshotter(location)).snapshotStatus(snapshotId, { signal: activitySignal() });
      if (status.phase === 'Failed')
        throw new BowlineError('InvalidItem', `snapshot ${snapshotId} failed: ${status.message ?? 'no reason given'}`);
      if (status.phase === 'Pending')
        throw notYet(`snapshot ${snapshotId} is ${status.percent ?? 0} % done`, status.pollAfterMs ?? pollAfterMs);
    },

    async deleteSnapshot({ location, snapshotId }) {
      await (await snapshotter(location)).deleteSnapshot(snapshotId, { signal: activitySignal() });
    },

    async reconcileSnapshots({ run, location, keep }) {
      const opened = await snapshotter(location);
      const deleted: string[] = [];
      for await (const { snapshotId } of opened.listSnapshots(
        { [backupUidLabel]: run.uid },
        { signal: activitySignal() },
      )) {
        if (keep.includes(snapshotId)) continue;
        await opened.deleteSnapshot(snapshotId, { signal: activitySignal() });
        deleted.push(snapshotId);
      }
      return deleted;
    },
  };
}
