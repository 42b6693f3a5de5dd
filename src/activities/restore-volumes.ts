import { createHash } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import type { VolumeSnapshot } from '../api/backup.ts';
import { parseGoDuration } from '../api/duration.ts';
import { BowlineError } from '../api/errors.ts';
import { cloneJson } from '../api/json.ts';
import { persistentVolumeTag, restoreUidLabel } from '../api/labels.ts';
import type { BatchRef, RunRef, StagedRef, Step } from '../api/run.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { VolumeSnapshotter } from '../plugins/volume-snapshotter.ts';
import { awaitReady } from './await-ready.ts';
import type { Dependencies } from './dependencies.ts';
import { notYet } from './failures.ts';
import { activitySignal, assertLease } from './lease.ts';
import { readRestoreBatch } from './restore-batch.ts';
import type { OpenRun, Planned, RestorePlan } from './plan.ts';
import { resetMetadata } from './reset-metadata.ts';
import type { VolumeRef } from './snapshot-volumes.ts';
import { findObject, reasonToGo } from './volume-in-use.ts';
import { volumeSources } from './volume-source.ts';

/** A volume that a restore is to make from a snapshot. */
export interface VolumeToRestore {
  readonly persistentVolume: string;
  readonly snapshot: VolumeSnapshot;
  readonly pvcName?: string;
  readonly pvcNamespace?: string;
  /** The PersistentVolume's new name, where one of its name is in use and claims are mapped to another namespace. */
  readonly renamedTo?: string;
  /** Why it can't be made, if so. */
  readonly error?: string;
}

/** What a restore knows of the volumes that it made in one location. */
export interface VolumesMade extends Planned {
  readonly location: string;
  /** Ids of volumes to which a PersistentVolume that was created points. */
  readonly used: readonly string[];
  /** Ids of volumes to which none does, as far as the restore knows. */
  readonly unused: readonly string[];
  /** When the last one was asked for, in milliseconds since 1970. */
  readonly since: number;
}

/** The steps that make volumes from snapshots. */
export interface RestoreVolumesActivities {
  /** The PersistentVolumes of a batch whose volumes are to be made from snapshots. Only reads; waits for volumes being released. */
  selectSnapshots(input: Planned & { readonly batch: BatchRef }): Promise<VolumeToRestore[]>;
  /** Starts a volume. Safe to repeat: the same run and PersistentVolume get the same volume. */
  createVolumeFromSnapshot(input: { readonly run: RunRef; readonly volume: VolumeToRestore }): Promise<string>;
  /** Ends when the volume is ready; until then each attempt fails as retryable and says how far it is. */
  awaitVolume(input: { readonly location: string; readonly volumeId: string }): Promise<void>;
  /** Points a PersistentVolume to the volume, in a file in staging. */
  setVolumeId(
    input: VolumeRef & { readonly step: Step; readonly location: string; readonly volumeId: string },
  ): Promise<StagedRef>;
  /** Safe to repeat: an absent volume counts as deleted. */
  deleteVolume(input: { readonly location: string; readonly volumeId: string }): Promise<void>;
  /**
   * Deletes the volumes that this run made of the backup's snapshots, recorded or not, and to which no PersistentVolume of this
   * run in the cluster points: a cut-off step may have made one and told nobody. What bears this run's uid and was made of another
   * snapshot is somebody else's copy. Until the provider's list can't lag behind `since` any more, each attempt fails as retryable.
   * Safe to repeat. Resolves with the ids it deleted.
   */
  deleteUnusedVolumes(input: VolumesMade): Promise<string[]>;
}

/** The activities over a worker's dependencies. */
export function createRestoreVolumes(dependencies: Dependencies, openRun: OpenRun): RestoreVolumesActivities {
  const { config, kubernetes, snapshotter, now } = dependencies;
  return {
    async selectSnapshots(input) {
      const { staging, plan } = await openRun<RestorePlan>(input);
      if (plan.restore.spec.restorePVs === false) return [];
      const sourceOf = volumeSources(plan);
      const selected: VolumeToRestore[] = [];
      for (const { groupResource, itemFromBackup } of await readRestoreBatch(staging, input.batch)) {
        const source = groupResource === 'persistentvolumes' ? sourceOf(itemFromBackup) : undefined;
        if (source?.how !== 'snapshot') continue;
        const volume = await decide(itemFromBackup, { snapshot: source.snapshot, plan, uid: input.run.uid });
        if (volume) selected.push(volume);
      }
      return selected;
    },

    async createVolumeFromSnapshot({ run, volume: { persistentVolume, snapshot } }) {
      const { location, volumeType, volumeAZ = '', volumeIOPS } = snapshot.spec;
      assertLease();
      return (await snapshotter(location)).createVolumeFromSnapshot(
        {
          snapshotId: snapshot.status.providerSnapshotID ?? '',
          type: volumeType,
          zone: volumeAZ,
          ...(volumeIOPS !== undefined && { iops: volumeIOPS }),
          tags: { [restoreUidLabel]: run.uid, [persistentVolumeTag]: persistentVolume },
          owner: { uid: run.uid, persistentVolume },
        },
        { signal: activitySignal() },
      );
    },

    async awaitVolume({ location, volumeId }) {
      const opened = await snapshotter(location);
      await awaitReady(`volume ${volumeId}`, {
        ask: () => opened.volumeStatus(volumeId, { signal: activitySignal() }),
        indexLagMs: opened.indexLagMs,
        now,
      });
    },

    async setVolumeId(input) {
      const { staging } = await openRun(input);
      const entries = await readRestoreBatch(staging, input.batch);
      const entry = entries.find(({ itemFromBackup }) => itemFromBackup.metadata.name === input.persistentVolume);
      if (entry === undefined)
        throw new BowlineError('NotFound', `set volume id of ${input.persistentVolume}: not in ${input.batch.key}`);
      const item = entry.item ?? resetMetadata(cloneJson(entry.itemFromBackup));
      const updated = (await snapshotter(input.location)).setVolumeId(item, input.volumeId);
      return staging.writeLines(input.step, [JSON.stringify(updated)]);
    },

    async deleteVolume({ location, volumeId }) {
      await (await snapshotter(location)).deleteVolume(volumeId, { signal: activitySignal() });
    },

    async deleteUnusedVolumes(input) {
      const { run, location, used, unused, since } = input;
      const signal = activitySignal();
      const { plan } = await openRun<RestorePlan>(input);
      const ours = new Set(
        plan.snapshots.map(({ spec, status }) => `${spec.persistentVolumeName} ${status.providerSnapshotID}`),
      );
      const opened = await snapshotter(location);
      const unsettledMs = since + (opened.indexLagMs ?? 0) - now().getTime();
      if (unsettledMs > 0) throw notYet(`a list of ${location} may not show every volume yet`, unsettledMs);
      const kept = new Set([...used, ...(await volumesInUse(run.uid, opened))]);
      const found = new Set(unused);
      for await (const { volumeId, snapshotId, tags } of opened.listVolumes(
        { [restoreUidLabel]: run.uid },
        { signal },
      )) {
        if (ours.has(`${tags[persistentVolumeTag]} ${snapshotId}`)) found.add(volumeId);
      }
      const deleted = [...found].filter((volumeId) => !kept.has(volumeId));
      for (const volumeId of deleted) {
        assertLease();
        await opened.deleteVolume(volumeId, { signal });
      }
      return deleted;
    },
  };

  /** The volumes of the PersistentVolumes that the run created, by the cluster's own word. */
  async function volumesInUse(uid: string, opened: VolumeSnapshotter): Promise<string[]> {
    const signal = activitySignal();
    const resource = (await kubernetes.discover({ signal })).find('persistentvolumes');
    const volumeIds: string[] = [];
    if (resource === undefined) return volumeIds;
    for await (const { items } of kubernetes.listPages(resource, {
      labelSelector: `${restoreUidLabel}=${uid}`,
      signal,
    }))
      volumeIds.push(...items.map((item) => opened.getVolumeId(item)));
    return volumeIds;
  }

  /** Whether to make the volume anew, by what the cluster holds under the PersistentVolume's name. */
  async function decide(
    item: Unstructured,
    { snapshot, plan, uid }: { snapshot: VolumeSnapshot; plan: RestorePlan; uid: string },
  ): Promise<VolumeToRestore | undefined> {
    const persistentVolume = item.metadata.name;
    const { name, namespace } =
      (item['spec'] as { claimRef?: { name?: string; namespace?: string } } | undefined)?.claimRef ?? {};
    const volume = {
      persistentVolume,
      snapshot,
      ...(name !== undefined && { pvcName: name }),
      ...(namespace !== undefined && { pvcNamespace: namespace }),
    };
    if (!snapshot.status.providerSnapshotID)
      return { ...volume, error: 'the backup tried to take a snapshot, and failed' };
    const signal = activitySignal();
    const ref = { name: persistentVolume };
    const existing = await findObject(kubernetes, 'persistentvolumes', { ref, signal });
    if (existing === undefined || existing.metadata.labels?.[restoreUidLabel] === uid) return volume;
    if (namespace !== undefined && Object.hasOwn(plan.restore.spec.namespaceMapping ?? {}, namespace))
      return { ...volume, renamedTo: cloneName(uid, persistentVolume) };
    const reason = plan.dryRun ? undefined : await reasonToGo(kubernetes, existing, signal);
    if (reason === undefined) return undefined;
    const waitedMs = now().getTime() - activityInfo().scheduledTimestampMs;
    if (waitedMs < (parseGoDuration(config.resourceTimeout) ?? 0))
      throw notYet(`persistentvolumes ${persistentVolume} of an earlier time is ${reason}`, 1_000);
    return { ...volume, error: `one of that name has been ${reason} for ${Math.floor(waitedMs / 60_000)} minutes` };
  }
}

/** Velero's name of a copy, with an id that each attempt derives alike. */
function cloneName(uid: string, persistentVolume: string): string {
  const hex = createHash('sha256').update(`${uid}/${persistentVolume}`).digest('hex');
  return `velero-clone-${[hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')}`;
}
