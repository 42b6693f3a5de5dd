import { executeChild } from '@temporalio/workflow';
import type { BackupVolume, VolumeOutcome } from '../api/backup.ts';
import type { BatchRef } from '../api/run.ts';
import { steps, waits } from './activity-options.ts';
import type { BackupRun } from './backup.ts';
import { endingOf, isCancelled } from './endings.ts';
import { inLanes } from './lanes.ts';
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
 * Snapshots the PersistentVolumes of a batch, each in a child of its own, and keeps what came of them. Ends when the providers
 * have accepted.
 */
export async function snapshotVolumes(backup: BackupRun, batch: BatchRef): Promise<UnsnapshottedVolumes> {
  const outcome = { failedVolumes: {} as Record<string, string>, unknownVolumes: [] as string[] };
  if (!batch.groupResources.includes('persistentvolumes')) return outcome;
  const { volumes, ordered, report } = await steps.selectVolumes.executeWithOptions(
    { summary: `${batch.items} items` },
    [{ ...backup.planned, step: backup.nextStep('volumes'), batch }],
  );
  backup.report(report);

  async function snapshot(volume: BackupVolume): Promise<void> {
    backup.progress.volumes({ attempted: 1 });
    const taken: VolumeOutcome = await executeChild(snapshotVolume, {
      workflowId: volumeWorkflowId('snapshot-volume', backup.prepared.run.uid, volume.persistentVolume),
      args: [{ ...backup.planned, batch, volume, locations: backup.prepared.snapshotLocations }],
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: `snapshot ${volume.persistentVolume}`,
    });
    if (taken.snapshot) backup.state.volumes.push(taken);
    else backup.progress.volumes({ attempted: -1 });
    if (taken.error !== undefined) {
      outcome.failedVolumes[volume.persistentVolume] = taken.error;
      backup.progress.volumes({ failed: 1 });
    } else if (!taken.snapshot) outcome.unknownVolumes.push(volume.persistentVolume);
  }

  for (const volume of volumes.slice(0, ordered)) await snapshot(volume);
  await inLanes(backup.prepared.settings.concurrency.volumes, volumes.slice(ordered), snapshot);
  return outcome;
}

/** Waits in flight at the same time: each is one pending activity. */
const waitsInFlight = 50;

/** Waits until every accepted snapshot is ready, and deletes doubles that a lagging index may have let happen. */
export async function awaitSnapshots(backup: BackupRun): Promise<void> {
  const taken = backup.state.volumes.filter(({ snapshot }) => snapshot?.status.phase === 'Completed');
  await inLanes(waitsInFlight, taken, async (outcome) => {
    const { location } = outcome.snapshot!.spec;
    const snapshotId = outcome.snapshot!.status.providerSnapshotID!;
    const summary = `${snapshotId} of ${outcome.volume.persistentVolume}`;
    try {
      await waits.awaitSnapshot.executeWithOptions({ summary }, [{ location, snapshotId }]);
      backup.progress.volumes({ completed: 1 });
    } catch (error) {
      if (isCancelled()) throw error;
      fail(backup, outcome, endingOf(error).reason);
    }
  });
  for (const location of backup.prepared.snapshotLocations) {
    if (taken.length === 0) break;
    const keep = taken
      .filter(({ snapshot }) => snapshot!.spec.location === location)
      .map(({ snapshot }) => snapshot!.status.providerSnapshotID!);
    await steps.reconcileSnapshots.executeWithOptions({ summary: location }, [
      { run: backup.prepared.run, location, keep },
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
