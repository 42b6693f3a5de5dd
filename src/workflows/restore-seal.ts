import type { Artifact, ClosingLine } from '../activities/artifact.ts';
import type { RestorePhase, RestoreStatus } from '../api/restore.ts';
import { cleanup, steps } from './activity-options.ts';
import { deleteArtifacts, deleteStaging, putArtifact, putRecord } from './artifacts.ts';
import { failedPhase, type Ending } from './endings.ts';
import { together } from './lanes.ts';
import type { RestoreRun } from './restore.ts';
import { deleteUnusedVolumes, mayBeUnused } from './unused-volumes.ts';

/** Writes what a restore leaves in the store, its log first, as a backup does, and its own record last; then removes staging. */
export async function sealRestore(restore: RestoreRun): Promise<void> {
  const { state, progress, planned, steering } = restore;
  if (steering.isPaused) await steering.resumed();
  const left = mayBeUnused(restore) ? await deleteUnusedVolumes(restore) : [];
  progress.reported({ warnings: left.length, errors: 0 });
  const phase: RestorePhase = progress.status.errors > 0 ? 'PartiallyFailed' : 'Completed';
  const { reports, volumes } = state;
  const closing = [
    ...left.map((what) => closingLine('warning', `Could not be removed: ${what}`)),
    closingLine('info', `Restore completed: ${phase}`),
  ];
  const artifacts: Artifact[] = [
    { type: 'results', reports, closing },
    { type: 'resourceList', reports },
    { type: 'itemOperations' },
    { type: 'volumeInfo', volumes },
  ];
  await put(restore, { type: 'logs', reports, closing });
  await together(artifacts.map((artifact) => () => put(restore, artifact)));
  const { written } = state.artifacts;
  if (steering.isPaused) await steering.resumed();
  await steps.verifyArtifacts.executeWithOptions({ summary: `${written.length} files` }, [
    { run: planned.run, artifacts: written },
  ]);
  if (steering.isPaused) await steering.resumed();
  steering.close();
  await put(restore, { type: 'metadata', status: statusOf(restore, phase) });
  progress.phase(phase);
  await deleteStaging(planned.run);
}

/**
 * Deletes volumes that no PersistentVolume came to point to, and records the failed restore. Objects stay, and its resource
 * list names them. Resolves with what could not be done, to be told with the failure.
 */
export async function abandonRestore(restore: RestoreRun, ending: Ending): Promise<string> {
  const { state, progress } = restore;
  const phase = failedPhase(ending);
  restore.steering.close();
  if (state.prepared === undefined) {
    progress.phase(phase);
    return '';
  }
  progress.phase(phase, 'cleaning up');
  const { run } = state.prepared;
  const left: string[] = [];
  const attempt = async (what: string, step: () => Promise<unknown>): Promise<void> => {
    try {
      await step();
    } catch {
      left.push(what);
    }
  };

  left.push(...(await deleteUnusedVolumes(restore)));
  if (restore.isDryRun) {
    await attempt('staging', () => cleanup.deleteStaging.executeWithOptions({ summary: 'staging' }, [run]));
    progress.phase(phase);
    return remarkOn(left);
  }

  await attempt('artifacts', () => deleteArtifacts(state.artifacts, run));
  const closing = [
    closingLine('error', ending.cancelled ? 'Restore was cancelled' : `Restore failed: ${ending.reason}`),
    ...left.map((what) => closingLine('error', `Could not be removed: ${what}`)),
  ];
  progress.reported({ warnings: 0, errors: closing.length });
  const { reports } = state;
  const status: RestoreStatus = { ...statusOf(restore, 'Failed'), failureReason: ending.reason };
  left.push(
    ...(await putRecord(state.artifacts, restore.planned, [
      { type: 'logs', reports, closing },
      { type: 'results', reports, closing },
      { type: 'resourceList', reports },
      { type: 'metadata', status },
    ])),
  );
  await attempt('staging', () => cleanup.deleteStaging.executeWithOptions({ summary: 'staging' }, [run]));
  progress.phase(phase);
  return remarkOn(left);
}

function remarkOn(left: readonly string[]): string {
  return left.length === 0 ? '' : `; could not be cleaned up: ${left.join(', ')}`;
}

async function put(restore: RestoreRun, artifact: Artifact, activities: typeof steps = steps) {
  if (restore.steering.isPaused) await restore.steering.resumed();
  return putArtifact(restore.state.artifacts, { ...restore.planned, artifact }, activities);
}

function statusOf(restore: RestoreRun, phase: RestorePhase): RestoreStatus {
  const { progress, warnings, errors } = restore.progress.status;
  return {
    phase,
    startTimestamp: restore.prepared.startTimestamp,
    completionTimestamp: `${new Date(Date.now()).toISOString().slice(0, 19)}Z`,
    ...(warnings > 0 && { warnings }),
    ...(errors > 0 && { errors }),
    progress: { totalItems: progress.totalItems, itemsRestored: progress.doneItems },
    ...restore.progress.hookStatus,
  };
}

function closingLine(level: ClosingLine['level'], message: string): ClosingLine {
  return { level, time: new Date(Date.now()).toISOString(), message };
}
