import { workflowInfo } from '@temporalio/workflow';
import type { DeleteBackupRequest, PreparedDeletion } from '../activities/delete-backup.ts';
import { steps, waits } from './activity-options.ts';
import { secondsSince } from './backup.ts';
import { endingOf, failedPhase, failureOf, isCancelled } from './endings.ts';
import { inLanes } from './lanes.ts';
import type { RunResult } from './messages.ts';
import { newStatus, Progress } from './progress.ts';

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
  const failures: string[] = [];
  const recorded = prepared.snapshots.filter(({ status }) => status.providerSnapshotID);
  await inLanes(prepared.settings.concurrency.volumes, recorded, async ({ spec, status }) => {
    const snapshotId = status.providerSnapshotID!;
    const summary = `${snapshotId} of ${spec.persistentVolumeName}`;
    progress.volumes({ attempted: 1 });
    try {
      await steps.deleteSnapshot.executeWithOptions({ summary }, [{ location: spec.location, snapshotId }]);
      progress.volumes({ completed: 1 });
    } catch (error) {
      if (isCancelled()) throw error;
      failures.push(`${summary}: ${endingOf(error).reason}`);
      progress.volumes({ failed: 1 });
    }
  });
  if (failures.length > 0) throw new Error(`snapshots could not be deleted, so the files stay: ${failures.join('; ')}`);
  for (const location of new Set(prepared.snapshots.map(({ spec }) => spec.location))) {
    const swept = await steps.sweepSnapshots.executeWithOptions({ summary: location }, [{ prepared, location }]);
    if (swept.leftAlone.length > 0) progress.reported({ warnings: swept.leftAlone.length, errors: 0 });
  }
}
