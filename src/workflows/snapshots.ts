import { executeChild } from '@temporalio/workflow';
import type { SelectedVolumes } from '../activities/select-volumes.ts';
import type { BackupVolume, VolumeOutcome } from '../api/backup.ts';
import type { BatchRef } from '../api/run.ts';
import { steps, waits } from './activity-options.ts';
import type { BackupRun } from './backup.ts';
import { historyIsLong, isCancelled, refusalOf } from './endings.ts';
import { Lanes } from './lanes.ts';
import { snapshotVolume } from './snapshot-volume.ts';
import { volumeWorkflowId } from './volume-workflow-id.ts';

/** PersistentVolumes of a batch that got no good snapshot. */
export interface UnsnapshottedVolumes {
  /** Those that failed, with the reason. */
  readonly failedVolumes: Readonly<Record<string, string>>;
  /** Those that no location knows. */
  readonly unknownVolumes: readonly string[];
}

/**
 * Snapshots the PersistentVolumes of a batch, each in a child of its own, and keeps what came of them; those that were snapshotted
 * with their pods are done. Ends when the providers have accepted.
 */
export async function snapshotVolumes(backup: BackupRun, batch: BatchRef): Promise<UnsnapshottedVolumes> {
  if (!batch.groupResources.includes('persistentvolumes')) return { failedVolumes: {}, unknownVolumes: [] };
  const { frozen } = backup.state;
  if (backup.steering.isPaused) await backup.steering.resumed();
  const selected = await select(backup, batch);
  backup.report(selected.report);
  const { failedVolumes, unknownVolumes } = await snapshotAll(backup, batch, selected);
  const failedWithPods = selected.volumes.flatMap(({ persistentVolume }) => {
    const reason = frozen[persistentVolume];
    return reason ? [[persistentVolume, reason]] : [];
  });
  return { failedVolumes: { ...failedVolumes, ...Object.fromEntries(failedWithPods) }, unknownVolumes };
}

/**
 * Snapshots the volumes of frozen pods, and remembers it for the batches in which these volumes come. Volumes that get none are told
 * of there.
 */
export async function snapshotFrozenVolumes(backup: BackupRun, batch: BatchRef): Promise<void> {
  const { frozen } = backup.state;
  const selected = await select(backup, batch);
  const { failedVolumes, unknownVolumes } = await snapshotAll(backup, batch, { ...selected, urgent: true });
  for (const { persistentVolume } of selected.volumes) {
    if (!unknownVolumes.includes(persistentVolume)) frozen[persistentVolume] = failedVolumes[persistentVolume] ?? '';
  }
}

function select(backup: BackupRun, batch: BatchRef): Promise<SelectedVolumes> {
  return steps.selectVolumes.executeWithOptions({ summary: `${batch.items} items` }, [
    { ...backup.planned, step: backup.nextStep('volumes'), batch },
  ]);
}

/**
 * Each PersistentVolume is snapshotted once, whichever step comes upon it first; the ordered ones one after the other. `urgent` ones
 * are taken in a paused run, too: a frozen pod waits for them.
 */
async function snapshotAll(
  backup: BackupRun,
  batch: BatchRef,
  { volumes, ordered, urgent = false }: SelectedVolumes & { readonly urgent?: boolean },
): Promise<UnsnapshottedVolumes> {
  const { frozen } = backup.state;
  const failedVolumes: Record<string, string> = {};
  const unknownVolumes: string[] = [];
  const taken = new Set(backup.state.volumes.map(({ volume }) => volume.persistentVolume));
  const isWanted = ({ persistentVolume }: BackupVolume): boolean =>
    !taken.has(persistentVolume) && !Object.hasOwn(frozen, persistentVolume);
  const how = { locationOf: ({ location }: BackupVolume) => location, urgent };

  async function snapshot(volume: BackupVolume): Promise<void> {
    backup.progress.volumes({ attempted: 1 });
    const outcome = await snapshotOne(backup, batch, volume);
    if (outcome.snapshot) backup.state.volumes.push(outcome);
    else backup.progress.volumes({ attempted: -1 });
    if (outcome.error !== undefined) {
      failedVolumes[volume.persistentVolume] = outcome.error;
      backup.progress.volumes({ failed: 1 });
    } else if (!outcome.snapshot) unknownVolumes.push(volume.persistentVolume);
  }

  for (const volume of volumes.slice(0, ordered).filter(isWanted)) await backup.gates.each([volume], how, snapshot);
  await backup.gates.each(volumes.slice(ordered).filter(isWanted), how, snapshot);
  return { failedVolumes, unknownVolumes };
}

async function snapshotOne(backup: BackupRun, batch: BatchRef, volume: BackupVolume): Promise<VolumeOutcome> {
  const { snapshotLocations, settings, run } = backup.prepared;
  const locations = volume.location === undefined ? snapshotLocations : [volume.location];
  let outcome: VolumeOutcome | undefined;
  try {
    outcome = await executeChild(snapshotVolume, {
      workflowId: volumeWorkflowId('snapshot-volume', run.uid, volume.persistentVolume),
      args: [{ ...backup.planned, batch, volume, locations, timeoutMs: settings.itemOperationTimeoutMs }],
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: `snapshot ${volume.persistentVolume}`,
    });
    return outcome;
  } finally {
    // A child that was cancelled may have asked for one all the same.
    if (outcome === undefined || outcome.snapshot) backup.state.snapshotsAskedAt = Date.now();
  }
}

/** Waits in flight at the same time: each is one pending activity. */
const waitsInFlight = 50;

/** Enough for one question, whatever the time is. */
const shortestWaitMs = 60_000;

/**
 * Waits until every accepted snapshot is ready, and deletes doubles that a lagging index may have let happen. Resolves with `false`
 * if the history is long before that: then nothing is in flight.
 */
export async function awaitSnapshots(backup: BackupRun): Promise<boolean> {
  const { state } = backup;
  const lanes = new Lanes(() => (backup.steering.isPaused ? 0 : waitsInFlight));
  await lanes.run(async () => {
    while (state.awaited < state.volumes.length && !historyIsLong()) {
      const outcome = state.volumes[state.awaited++]!;
      if (outcome.snapshot?.status.phase === 'Completed') await lanes.start(() => awaitSnapshot(backup, outcome));
    }
  });
  if (state.awaited < state.volumes.length) return false;
  await reconcile(backup);
  return true;
}

async function awaitSnapshot(backup: BackupRun, outcome: VolumeOutcome): Promise<void> {
  const { location } = outcome.snapshot!.spec;
  const snapshotId = outcome.snapshot!.status.providerSnapshotID!;
  const summary = `${snapshotId} of ${outcome.volume.persistentVolume}`;
  const { itemOperationTimeoutMs } = backup.prepared.settings;
  // For all of them from the last acceptance on: each waits for a lane first, and the limits would add up.
  const deadline = (backup.state.snapshotsAskedAt ?? Date.now()) + itemOperationTimeoutMs;
  const scheduleToCloseTimeout = Math.max(deadline - Date.now(), shortestWaitMs);
  try {
    await waits.awaitSnapshot.executeWithOptions({ summary, scheduleToCloseTimeout }, [{ location, snapshotId }]);
    backup.progress.volumes({ completed: 1 });
  } catch (error) {
    if (isCancelled()) throw error;
    fail(backup, outcome, refusalOf(error, itemOperationTimeoutMs));
  }
}

async function reconcile(backup: BackupRun): Promise<void> {
  const { snapshotsAskedAt: since, volumes } = backup.state;
  if (since === undefined) return;
  for (const location of backup.prepared.snapshotLocations) {
    const keep = volumes.flatMap(({ snapshot }) =>
      snapshot?.spec.location === location ? (snapshot.status.providerSnapshotID ?? []) : [],
    );
    if (backup.steering.isPaused) await backup.steering.resumed();
    await steps.reconcileSnapshots.executeWithOptions({ summary: location }, [
      { run: backup.prepared.run, location, keep, since },
    ]);
  }
}

/** A snapshot that the provider gave up on: the volume counts as failed, the PersistentVolume is in the archive by then. */
function fail(backup: BackupRun, outcome: VolumeOutcome, reason: string): void {
  const { volumes } = backup.state;
  const snapshot = { ...outcome.snapshot!, status: { ...outcome.snapshot!.status, phase: 'Failed' as const } };
  volumes[volumes.indexOf(outcome)] = { ...outcome, snapshot, error: reason };
  backup.progress.volumes({ failed: 1 });
  backup.progress.reported({ warnings: 0, errors: 1 });
}
