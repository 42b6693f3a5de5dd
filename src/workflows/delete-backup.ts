import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { DeleteBackupRequest, PreparedDeletion } from '../activities/delete-backup.ts';
import type { RunRef } from '../api/run.ts';
import { cleanup, steps, waits } from './activity-options.ts';
import { secondsSince } from './backup.ts';
import { endingOf, failedPhase, failureOf, isCancelled } from './endings.ts';
import { inLanes } from './lanes.ts';
import type { RunResult } from './messages.ts';
import { newStatus, Progress } from './progress.ts';

/**
 * Deletes a backup: its snapshots, the files of restores made from it, its own files, `velero-backup.json` last. A mark announces
 * it first, and restores that use the backup are waited for; if it does not get beyond that, it takes the mark back. If a snapshot
 * can't be deleted the files stay, the failure says which, and the deletion can be run again; so can one that was cancelled or cut off.
 *
 * The workflow id is `delete-backup/<name>`, and `{ name }` the one argument.
 */
export async function deleteBackup(request: DeleteBackupRequest): Promise<RunResult> {
  const { firstExecutionRunId, startTime } = workflowInfo();
  const startTimestamp = startTime.toISOString();
  const about = { kind: 'Deletion' as const, name: String(request?.name), uid: firstExecutionRunId, startTimestamp };
  const progress = new Progress(newStatus(about));
  let prepared: PreparedDeletion | undefined;
  let hasBegun = false;
  try {
    prepared = await steps.prepareDeletion.executeWithOptions({ summary: 'find and mark' }, [request]);
    progress.search(prepared.settings.searchAttributes, prepared.run.location);
    progress.note(prepared.notes);
    progress.phase('Deleting', 'waiting for restores');
    await waits.awaitUnused.executeWithOptions({ summary: 'running restores' }, [prepared.run]);
    hasBegun = true;
    progress.step('deleting snapshots');
    await deleteSnapshots(prepared, progress);
    progress.step('deleting files');
    const { unreadable } = await steps.deleteFiles.executeWithOptions({ summary: 'files' }, [prepared.run]);
    progress.note(unreadable.map((name) => `restore ${name}: its record can't be read, so its files stay`));
  } catch (error) {
    const ending = endingOf(error);
    if (prepared?.isFirst && !hasBegun) await withdraw(prepared.run);
    progress.phase(failedPhase(ending));
    throw failureOf(error, ending);
  }
  progress.phase('Completed');
  return progress.result(secondsSince(startTimestamp));
}

/** Nothing has been deleted yet: without the mark the backup is whole, and can be restored. */
async function withdraw(run: RunRef): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    cleanup.withdrawDeletion.executeWithOptions({ summary: 'take the mark back' }, [run]),
  ).catch(() => undefined);
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
    progress.note(
      swept.leftAlone.map((id) => `snapshot ${id} bears the backup's tag and may be another tool's: it stays`),
    );
  }
}
