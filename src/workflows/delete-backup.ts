import { ApplicationFailure, CancellationScope, continueAsNew } from '@temporalio/workflow';
import type { DeleteBackupRequest, PreparedDeletion } from '../activities/delete-backup.ts';
import type { VolumeSnapshot } from '../api/backup.ts';
import type { BatchRef, PlannedAction } from '../api/run.ts';
import { concerns } from '../selection/planned-action.ts';
import { cleanup, steps, transfers, waits } from './activity-options.ts';
import { deleteStaging } from './artifacts.ts';
import { secondsSince } from './backup.ts';
import { endingOf, failedPhase, failureOf, historyIsLong, isCancelled } from './endings.ts';
import { Lanes } from './lanes.ts';
import type { RunResult, RunStatus } from './messages.ts';
import { notify } from './notifications.ts';
import { newStatus, Progress } from './progress.ts';
import { VolumeGates } from './volume-gates.ts';

/** What a deletion carries from one Temporal run to the next. References and counts only. */
export interface DeletionState {
  prepared?: PreparedDeletion;
  /** No restore uses the backup any more, and something of it may be gone. */
  hasBegun?: true;
  status: RunStatus;
  /** Actions, and the batches that they have yet to see; absent until the tarball has been read. */
  unpacked?: { readonly actions: readonly PlannedAction[]; batches: BatchRef[] };
}

/**
 * Deletes a backup: first item actions see its items, then go its snapshots, the files of restores made from it and its own files,
 * `velero-backup.json` last. A mark announces it before, and restores that use the backup are waited for; if it does not get beyond
 * that, it takes the mark back. What an item action fails at is counted (`PartiallyFailed`), and the deletion goes on. If a snapshot
 * can't be deleted the files stay, the failure says which, and the deletion can be run again; so can one that was cancelled or cut off.
 *
 * The workflow id is `delete-backup/<name>`, and `{ name }` the one argument; `state` is the workflow's own.
 */
export async function deleteBackup(
  request: DeleteBackupRequest,
  state: DeletionState = newState(request),
): Promise<RunResult> {
  const run = new DeletionRun(request, state);
  let done = false;
  try {
    done = await run.advance();
  } catch (error) {
    const ending = endingOf(error);
    await run.cleanUp();
    run.progress.phase(failedPhase(ending));
    await notify(run, ending);
    throw failureOf(error, ending);
  }
  if (!done) return continueAsNew<typeof deleteBackup>(request, run.state);
  const result = run.progress.result(secondsSince(run.state.status.startTimestamp));
  await notify(run);
  return result;
}

/** One Temporal run's worth of a deletion. */
class DeletionRun {
  readonly request: DeleteBackupRequest;
  readonly state: DeletionState;
  readonly progress: Progress;

  constructor(request: DeleteBackupRequest, state: DeletionState) {
    this.request = request;
    this.state = state;
    this.progress = new Progress(state.status);
    if (state.prepared) this.#search(state.prepared);
  }

  /** Goes on until the backup is gone, or until the history is long (`false`): then nothing is in flight. */
  async advance(): Promise<boolean> {
    const { state, progress } = this;
    state.prepared ??= await this.#prepare();
    if (!state.hasBegun) await this.#begin(state.prepared);
    if (!(await this.#executeItemActions(state.prepared))) return false;
    progress.step('deleting snapshots');
    await deleteSnapshots(state.prepared, progress);
    progress.step('deleting files');
    const { unreadable } = await steps.deleteFiles.executeWithOptions({ summary: 'files' }, [state.prepared.run]);
    for (const name of unreadable) progress.remark(`restore ${name}: its record can't be read, so its files stay`);
    progress.phase(progress.status.errors > 0 ? 'PartiallyFailed' : 'Completed');
    return true;
  }

  /** Leaves nothing in staging, and no mark if nothing has been deleted: without it the backup is whole, and can be restored. */
  async cleanUp(): Promise<void> {
    const { prepared, hasBegun } = this.state;
    if (prepared === undefined) return;
    await this.#removeStaging(prepared);
    if (hasBegun || !prepared.isFirst) return;
    await CancellationScope.nonCancellable(() =>
      cleanup.withdrawDeletion.executeWithOptions({ summary: 'take the mark back' }, [prepared.run]),
    ).catch(() => undefined);
  }

  /** Nothing lies there without item actions. */
  async #removeStaging({ run, itemActions }: PreparedDeletion): Promise<void> {
    if (itemActions) await deleteStaging(run);
  }

  #search({ settings, run, schedule }: PreparedDeletion): void {
    this.progress.search(settings.searchAttributes, run.location, schedule);
  }

  async #prepare(): Promise<PreparedDeletion> {
    const prepared = await steps.prepareDeletion.executeWithOptions({ summary: 'find and mark' }, [this.request]);
    this.#search(prepared);
    for (const remark of prepared.remarks) this.progress.remark(remark);
    return prepared;
  }

  async #begin({ run }: PreparedDeletion): Promise<void> {
    this.progress.phase('Deleting', 'waiting for restores');
    await waits.awaitUnused.executeWithOptions({ summary: 'running restores' }, [run]);
    this.state.hasBegun = true;
  }

  /** Actions over the backup's items, several batches at a time. `false` if some are left and the history is long. */
  async #executeItemActions(prepared: PreparedDeletion): Promise<boolean> {
    const { state, progress } = this;
    const { run, settings, itemActions } = prepared;
    if (itemActions === undefined || state.unpacked?.batches.length === 0) return true;
    progress.step('executing item actions');
    const planned = { run, plan: itemActions.plan };
    if (state.unpacked === undefined) {
      const unpacked = await transfers.unpackDeletion.executeWithOptions({ summary: 'read and select' }, [
        { ...planned, step: 'unpack', batch: settings.batch, actions: itemActions.names },
      ]);
      progress.reported(unpacked);
      progress.found(unpacked.selected, { isEstimate: false });
      state.unpacked = { actions: unpacked.actions, batches: [...unpacked.batches] };
    }
    const { actions, batches } = state.unpacked;
    const lanes = new Lanes(settings.concurrency.batches);
    await lanes.run(async () => {
      while (batches.length > 0 && !historyIsLong()) {
        const batch = batches.shift()!;
        await lanes.start(async () => {
          for (const action of actions.filter((candidate) => concerns(candidate, batch))) {
            const summary = `${action.name}, ${batch.items} items`;
            const input = { ...planned, action: action.name, batch };
            progress.reported(await steps.executeDeleteItemAction.executeWithOptions({ summary }, [input]));
          }
          progress.done({ [batch.groupResources[0]!]: batch.items });
        });
      }
    });
    if (batches.length > 0) return false;
    await this.#removeStaging(prepared);
    return true;
  }
}

/** Deletes every snapshot it can, and only then fails with those that it could not. */
async function deleteSnapshots(prepared: PreparedDeletion, progress: Progress): Promise<void> {
  const failures: { readonly type: string; readonly what: string }[] = [];
  const { snapshotLimits, concurrency } = prepared.settings;
  const gates = new VolumeGates({ snapshotLimits, concurrency }, {});
  const recorded = prepared.snapshots.filter(({ status }) => status.providerSnapshotID);
  const locationOf = ({ spec }: VolumeSnapshot) => spec.location;
  await gates.each(recorded, { locationOf }, async ({ spec, status }) => {
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

function newState(request: DeleteBackupRequest): DeletionState {
  return { status: newStatus('Deletion', request) };
}
