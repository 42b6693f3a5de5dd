import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import type { DeleteBackupRequest, PreparedDeletion } from '../activities/delete-backup.ts';
import type { VolumeSnapshot } from '../api/backup.ts';
import { steps, waits } from './activity-options.ts';
import { secondsSince } from './backup.ts';
import { endingOf, failedPhase, failureOf, isCancelled } from './endings.ts';
import type { RunResult } from './messages.ts';
import { newStatus, Progress } from './progress.ts';
import { VolumeGates } from './volume-gates.ts';

/**
 * Deletes a backup: its snapshots, the files of restores made from it, its own files, `velero-backup.json` last. A mark announces
 * it first, and restores that use the backup are waited for. If a snapshot can't be deleted the files stay, the failure says
 * which, and the deletion can be run again; so can one that was cancelled or cut off.
 *
 * The workflow id is `delete-backup/<name>`, and `{ name }` the one argument.
 */
export async function deleteBackup(request: DeleteBackupRequest): Promise<RunResult> {
  const { firstExecutionRunId, startTime } = workflowInfo();
  const startTimestamp = startTime.toISOString();
  const about = { kind: 'Deletion' as const, name: String(request?.name), uid: firstExecutionRunId, startTimestamp };
  const progress = new Progress(newStatus(about));
  try {
    const prepared = await steps.prepareDeletion.executeWithOptions({ summary: 'find and mark' }, [request]);
    progress.search(prepared.settings.searchAttributes, prepared.run.location);
    progress.phase('Deleting', 'waiting for restores');
    await waits.awaitUnused.executeWithOptions({ summary: 'running restores' }, [prepared.run]);
    progress.step('deleting snapshots');
    await deleteSnapshots(prepared, progress);
    progress.step('deleting files');
    await steps.deleteFiles.executeWithOptions({ summary: 'files' }, [prepared.run]);
  } catch (error) {
    const ending = endingOf(error);
    progress.phase(failedPhase(ending));
    throw failureOf(error, ending);
  }
  progress.phase('Completed');
  return progress.result(secondsSince(startTimestamp));
}

/** Deletes every snapshot it can, and only then fails with those that it could not. */
async function deleteSnapshots(prepared: PreparedDeletion, progress: Progress): Promise<void> {
  const failures: { readonly type: string; readonly what: string }[] = [];
  const { snapshotLimits, concurrency } = prepared.settings;
  const gates = new VolumeGates({ snapshotLimits, concurrency }, {});
  const recorded = prepared.snapshots.filter(({ status }) => status.providerSnapshotID);
  const locationOf = ({ spec }: VolumeSnapshot) => spec.location;
  await gates.each(recorded, locationOf, async ({ spec, status }) => {
    const snapshotId = status.providerSnapshotID!;
    const summary = `${snapshotId} of ${spec.persistentVolumeName}`;
    progress.volumes({ attempted: 1 });
    try {
      await steps.deleteSnapshot.executeWithOptions({ summary }, [{ location: spec.location, snapshotId }]);
      progress.volumes({ completed: 1 });
    } catch (error) {
      if (isCancelled()) throw error;
      const { type, reason } = endingOf(error);
      failures.push({ type, what: `${summary}: ${reason}` });
      progress.volumes({ failed: 1 });
    }
  });
  if (failures[0] !== undefined) {
    const which = failures.map(({ what }) => what).join('; ');
    const message = `snapshots could not be deleted, so the files stay: ${which}`;
    throw ApplicationFailure.create({ message, type: failures[0].type, nonRetryable: true });
  }
  for (const location of new Set([...prepared.snapshots.map(locationOf), ...prepared.snapshotLocations])) {
    const swept = await steps.sweepSnapshots.executeWithOptions({ summary: location }, [{ prepared, location }]);
    for (const snapshotId of swept.leftAlone)
      progress.remark(
        `snapshot ${snapshotId} in ${location} bears the backup's uid, but may be another tool's: left alone`,
      );
  }
}
