import type { Artifact, ClosingLine } from '../activities/artifact.ts';
import type { BackupPhase, BackupStatus, VolumeOutcome } from '../api/backup.ts';
import { cleanup, steps, transfers } from './activity-options.ts';
import { deleteArtifacts, deleteStaging, putArtifact, putRecord } from './artifacts.ts';
import type { BackupRun } from './backup.ts';
import { failedPhase, type Ending } from './endings.ts';
import { together } from './lanes.ts';

/**
 * Writes the log; then the other artifacts beside each other, and checks them; then `velero-backup.json`, once and in its final phase:
 * a backup is there when that file is. Staging goes last.
 *
 * A log is like no other run's: the run that has put it has the name, and what it finds there afterwards is its own. Other files of
 * two runs may be equal, and each would take the other's for its own.
 */
export async function sealBackup(backup: BackupRun): Promise<void> {
  const { state, planned } = backup;
  const { segments, reports, volumes } = state;
  const phase: BackupPhase = backup.progress.status.errors > 0 ? 'PartiallyFailed' : 'Completed';
  const closing = [...failedVolumes(backup), closingLine('info', `Backup completed: ${phase}`)];
  const putContents = async (): Promise<void> => {
    const { bytes, sha256 } = await put(backup, { type: 'contents', segments }, transfers);
    await put(backup, { type: 'segments', segments, reports, contents: { bytes, sha256 } });
  };
  const others: Artifact[] = [
    { type: 'results', reports, closing },
    { type: 'resourceList', reports: state.collected },
    { type: 'volumeSnapshots', volumes },
    { type: 'podVolumeBackups' },
    { type: 'itemOperations' },
    { type: 'volumeInfo', volumes, reports },
  ];
  await put(backup, { type: 'logs', reports, closing });
  await together([putContents, ...others.map((artifact) => () => put(backup, artifact))]);
  const { written } = state.artifacts;
  if (backup.steering.isPaused) await backup.steering.resumed();
  await steps.verifyArtifacts.executeWithOptions({ summary: `${written.length} files` }, [
    { run: planned.run, artifacts: written },
  ]);
  if (backup.steering.isPaused) await backup.steering.resumed();
  backup.steering.close();
  await put(backup, { type: 'metadata', status: statusOf(backup, phase) });
  backup.progress.phase(phase);
  await deleteStaging(planned.run);
}

/**
 * Removes what a backup made that could not finish: its snapshots, its artifacts, staging. What stays is the log, the results
 * and `velero-backup.json` with phase `Failed`; nothing at all if the backup never began. Resolves with what could not be
 * removed, to be told with the failure.
 */
export async function abandonBackup(backup: BackupRun, ending: Ending): Promise<string> {
  const { state, progress } = backup;
  const phase = failedPhase(ending);
  backup.steering.close();
  if (state.prepared === undefined) {
    progress.phase(phase);
    return '';
  }
  progress.phase(phase, 'cleaning up');
  const { run } = state.prepared;
  const since = state.snapshotsAskedAt;
  const left: string[] = [];
  const attempt = async (what: string, step: () => Promise<unknown>): Promise<void> => {
    try {
      await step();
    } catch {
      left.push(what);
    }
  };

  await attempt('artifacts', () => deleteArtifacts(state.artifacts, run));
  const volumes: VolumeOutcome[] = [];
  for (const location of state.prepared.snapshotLocations) {
    const what = `snapshots in ${location}`;
    await attempt(what, () =>
      cleanup.reconcileSnapshots.executeWithOptions({ summary: `delete all in ${location}` }, [
        { run, location, keep: [], ...(since !== undefined && { since }) },
      ]),
    );
    if (left.includes(what))
      volumes.push(...state.volumes.filter(({ snapshot }) => snapshot?.spec.location === location));
  }
  const closing = [
    closingLine('error', ending.cancelled ? 'Backup was cancelled' : `Backup failed: ${ending.reason}`),
    ...left.map((what) => closingLine('error', `Could not be removed: ${what}`)),
  ];
  progress.reported({ warnings: 0, errors: closing.length });
  const { reports } = state;
  const status: BackupStatus = { ...statusOf(backup, 'Failed'), failureReason: ending.reason };
  left.push(
    ...(await putRecord(state.artifacts, backup.planned, [
      { type: 'logs', reports, closing },
      { type: 'results', reports, closing },
      // What is left has to be recorded, so that the backup's deletion takes it along.
      ...(volumes.length > 0 ? [{ type: 'volumeSnapshots', volumes } as const] : []),
      { type: 'metadata', status },
    ])),
  );
  await attempt('staging', () => cleanup.deleteStaging.executeWithOptions({ summary: 'staging' }, [run]));
  progress.phase(phase);
  return left.length === 0 ? '' : `; could not be cleaned up: ${left.join(', ')}`;
}

async function put(backup: BackupRun, artifact: Artifact, activities: typeof steps = steps) {
  if (backup.steering.isPaused) await backup.steering.resumed();
  return putArtifact(backup.state.artifacts, { ...backup.planned, artifact }, activities);
}

function failedVolumes({ state }: BackupRun): ClosingLine[] {
  return state.volumes
    .filter(({ snapshot, error }) => error !== undefined && snapshot?.status.providerSnapshotID !== undefined)
    .map(({ volume, error }) => closingLine('error', `Snapshot of ${volume.persistentVolume} failed: ${error}`));
}

function statusOf(backup: BackupRun, phase: BackupPhase): BackupStatus {
  const { status } = backup.progress;
  const { attempted, completed } = status.volumes;
  return {
    version: 1,
    formatVersion: '1.1.0',
    ...backup.prepared.timestamps,
    phase,
    completionTimestamp: now(),
    ...nonZero({
      volumeSnapshotsAttempted: attempted,
      volumeSnapshotsCompleted: completed,
      warnings: status.warnings,
      errors: status.errors,
    }),
    progress: nonZero({ totalItems: status.progress.totalItems, itemsBackedUp: status.progress.doneItems }),
    ...backup.progress.hookStatus,
  };
}

/** Go leaves zero counts out. */
function nonZero<T extends Record<string, number>>(counts: T): Partial<T> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) as Partial<T>;
}

function closingLine(level: ClosingLine['level'], message: string): ClosingLine {
  return { level, time: new Date(Date.now()).toISOString(), message };
}

function now(): string {
  return `${new Date(Date.now()).toISOString().slice(0, 19)}Z`;
}
