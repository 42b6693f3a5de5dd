import { CancellationScope, continueAsNew, isCancellation } from '@temporalio/workflow';
import type { CollectedAdditionalItems } from '../activities/collect-additional-items.ts';
import type { Position } from '../activities/collect-items.ts';
import type { PodRef } from '../activities/pod-hooks.ts';
import type { PreparedBackup } from '../activities/prepare-backup.ts';
import type { BackupRequest } from '../api/backup.ts';
import { scheduleNameLabel } from '../api/labels.ts';
import type { BatchRef, ReportRef } from '../api/run.ts';
import { estimates, steps } from './activity-options.ts';
import { failedPods, runHookBlocks, type HookedPods } from './backup-hooks.ts';
import { newBackupState, type BackupState } from './backup-state.ts';
import { abandonBackup, sealBackup } from './backup-seal.ts';
import { endingOf, failureOf, historyIsLong } from './endings.ts';
import { HistoryRoom } from './history-room.ts';
import { executeItemActions } from './item-actions.ts';
import { inLanes, Lanes } from './lanes.ts';
import type { RunResult } from './messages.ts';
import { notify } from './notifications.ts';
import { Progress } from './progress.ts';
import { awaitSnapshots, snapshotVolumes } from './snapshots.ts';
import { Steering } from './steering.ts';
import { VolumeGates } from './volume-gates.ts';

/**
 * Backs up what the request selects into its storage location, batch after batch. A batch that is done is never done again;
 * one cut off by a crash is repeated. An item that fails is counted and reported (`PartiallyFailed`); an invalid request, a
 * cluster or store that stays out of reach, and a cancellation fail the workflow, after it has removed what it made.
 *
 * The workflow id is `backup/<name>`, and `{ name, spec }` the one argument; `state` is the workflow's own.
 */
export async function backup(request: BackupRequest, state: BackupState = newBackupState(request)): Promise<RunResult> {
  const run = new BackupRun(request, state);
  let sealed = false;
  try {
    sealed = await run.advance();
  } catch (error) {
    const ending = endingOf(error);
    const remark = await CancellationScope.nonCancellable(() => abandonBackup(run, ending));
    await notify(run, ending);
    throw failureOf(error, ending, remark);
  }
  if (!sealed) return continueAsNew<typeof backup>(request, run.state);
  const result = run.progress.result(secondsSince(run.state.status.startTimestamp), run.contentsBytes);
  await notify(run);
  return result;
}

const fewestPerCall = 1_000;
const mostPerCall = 10_000;

/** One Temporal run's worth of a backup. */
export class BackupRun {
  readonly request: BackupRequest;
  readonly state: BackupState;
  readonly progress: Progress;
  readonly steering: Steering;
  readonly room: HistoryRoom = new HistoryRoom();
  #gates: VolumeGates | undefined;

  constructor(request: BackupRequest, state: BackupState) {
    this.request = request;
    this.state = state;
    this.progress = new Progress(state.status);
    this.steering = new Steering(this.progress);
    if (state.prepared) this.#begin(state.prepared);
  }

  /** Goes on until the backup is sealed, or until the history is long (`false`): then nothing is in flight. */
  async advance(): Promise<boolean> {
    const { state, progress } = this;
    state.prepared ??= await this.#prepare();
    while (state.position !== undefined || state.hooked || state.wanted.length > 0 || state.wave === 0) {
      if (historyIsLong()) return false;
      if (this.steering.isPaused) await this.steering.resumed();
      else if (state.hooked?.due) await this.#runHooks(state.hooked, { mayLeave: true });
      else await (state.position === undefined ? this.#collectAdditional() : this.#collect());
    }
    progress.step('waiting for snapshots');
    if (!(await awaitSnapshots(this))) return false;
    progress.step('sealing');
    await sealBackup(this);
    return true;
  }

  get prepared(): PreparedBackup {
    return this.state.prepared!;
  }

  /** By which snapshots begin. */
  get gates(): VolumeGates {
    this.#gates ??= new VolumeGates(this.prepared.settings, (this.state.paces ??= {}), this.steering);
    return this.#gates;
  }

  get contentsBytes(): number {
    return this.state.artifacts.written.find(({ key }) => key.endsWith('.tar.gz'))?.bytes ?? 0;
  }

  /** What most activities' input begins with. */
  get planned(): Pick<PreparedBackup, 'run' | 'plan'> {
    const { run, plan } = this.prepared;
    return { run, plan };
  }

  nextStep(name: string): string {
    return `${name}-${this.state.sequence++}`;
  }

  report(report: ReportRef): void {
    this.state.reports.push(report);
    this.progress.reported(report);
    if (report.additionalItems > 0) this.state.wanted.push(report);
  }

  async #prepare(): Promise<PreparedBackup> {
    const prepared = await steps.prepareBackup.executeWithOptions({ summary: 'validate and plan' }, [this.request]);
    this.#begin(prepared);
    this.progress.phase('InProgress', 'collecting items');
    this.report(prepared.report);
    this.state.position = { list: 0 };
    return prepared;
  }

  /** Lists until hooks are due, or the end, or until the history is long, while earlier batches are worked on. */
  async #collect(): Promise<void> {
    const { state, steering, progress } = this;
    const lanes = new Lanes(() => steering.openBatches);
    await lanes.run(async () => {
      while (state.position !== undefined && !state.hooked?.due && !historyIsLong()) {
        if (steering.isPaused) {
          await lanes.room();
          continue;
        }
        const order = [state.wave, state.sequence];
        const position = state.position;
        const collected = await steps.collectItems.executeWithOptions({ summary: this.#listName(position) }, [
          {
            ...this.planned,
            step: this.nextStep('collect'),
            batch: this.prepared.settings.batch,
            order,
            from: position,
            items: itemsPerCall(progress.status.progress.totalItems),
            earlier: position.begunAnew ? state.collected : [],
            staged: state.staged,
            ...(state.hooked && { hooked: true }),
          },
        ]);
        if (collected.next) state.position = collected.next;
        else delete state.position;
        this.#take(collected, { order, remaining: collected.remaining, isEstimate: state.position !== undefined });
        if (state.hooked) state.hooked.due = collected.hooksAreDue ?? false;
        if (state.position !== undefined && this.progress.status.progress.expectedItems === undefined)
          await lanes.start(() => this.#estimate());
        await this.#backUpBatches(collected.batches, { lanes, order });
      }
    });
  }

  /** Asks how much there will be, of a backup that one call does not read. None fails for want of the answer. */
  async #estimate(): Promise<void> {
    let expected = 0;
    try {
      expected = await estimates.countItems.executeWithOptions({ summary: 'how many items' }, [this.planned]);
    } catch (error) {
      if (isCancellation(error)) throw error;
    }
    this.progress.expect(expected);
  }

  /** One wave: fetches what actions have asked for, and works on it. */
  async #collectAdditional(): Promise<void> {
    const { state } = this;
    const wanted = state.wanted;
    state.wanted = [];
    state.wave++;
    this.progress.step('collecting additional items');
    const order = [state.wave, state.sequence];
    const collected = await steps.collectAdditionalItems.executeWithOptions({ summary: `wave ${state.wave}` }, [
      {
        ...this.planned,
        step: this.nextStep('additional'),
        batch: this.prepared.settings.batch,
        order,
        wanted,
        collected: state.collected,
        staged: state.staged,
        withOwners: state.wave === 1,
      },
    ]);
    this.#take(collected, { order, isEstimate: false });
    if (state.hooked) await this.#runHooks(state.hooked, { mayLeave: false });
    const lanes = new Lanes(() => this.steering.openBatches);
    await lanes.run(() => this.#backUpBatches(collected.batches, { lanes, order }));
  }

  /** The hooks of all pods that have some, around their volumes' snapshots; then these pods are backed up like the others. */
  async #runHooks(hooked: HookedPods, { mayLeave }: { mayLeave: boolean }): Promise<void> {
    const { step } = this.progress.status;
    this.progress.step('running hooks');
    const isDone = await runHookBlocks(this, hooked, mayLeave);
    this.progress.step(step);
    if (!isDone) return;
    const width = () => this.steering.openBatches;
    await inLanes(width, hooked.batches, ({ batch, order }, index) =>
      this.#backUpBatch(batch, order, failedPods(hooked, index)),
    );
    delete this.state.hooked;
  }

  #take(
    collected: CollectedAdditionalItems,
    more: { readonly order: readonly number[]; readonly remaining?: number; readonly isEstimate: boolean },
  ): void {
    const { state, progress } = this;
    const { batches, hooked = [] } = collected;
    state.collected.push(collected.report);
    state.segments.push(...collected.segments);
    state.staged += [...batches, ...hooked].reduce((items, batch) => items + batch.items, 0);
    if (hooked.length > 0) {
      state.hooked ??= { batches: [], due: false, done: 0, failed: [] };
      for (const [index, batch] of hooked.entries())
        state.hooked.batches.push({ batch, order: [...more.order, batches.length + index + 1] });
    }
    this.report(collected.report);
    progress.found(collected.selected, more);
    progress.done(collected.archived);
  }

  async #backUpBatches(
    batches: readonly BatchRef[],
    { lanes, order }: { lanes: Lanes; order: readonly number[] },
  ): Promise<void> {
    for (const [index, batch] of batches.entries()) {
      await lanes.start(() => this.#backUpBatch(batch, [...order, index + 1]));
    }
  }

  /** The actions of one batch in Velero's order, then its volumes, then its segment. */
  async #backUpBatch(collected: BatchRef, order: readonly number[], leftOut: readonly PodRef[] = []): Promise<void> {
    const batch = await executeItemActions(this, collected, ({ report }) => this.report(report));
    const unsnapshotted = await snapshotVolumes(this, batch);
    if (this.steering.isPaused) await this.steering.resumed();
    const archived = await steps.archiveItems.executeWithOptions({ summary: `${batch.items} items` }, [
      {
        ...this.planned,
        step: this.nextStep('archive'),
        order,
        batch,
        ...unsnapshotted,
        ...(leftOut.length > 0 && { failedPods: leftOut }),
      },
    ]);
    if (archived.segment) this.state.segments.push(archived.segment);
    this.report(archived.report);
    this.progress.done(archived.archived);
  }

  #begin({ settings, run }: PreparedBackup): void {
    this.steering.prepared(settings);
    const schedule = this.request.spec?.metadata?.labels?.[scheduleNameLabel];
    this.progress.search(settings.searchAttributes, run.location, schedule);
  }

  #listName({ list }: Position): string {
    const { resources } = this.prepared;
    return resources[list] ?? `list ${list + 1}`;
  }
}

/**
 * As many as are known to be there, the estimated ones too, within limits. The first ones are worked on while others are read; of many
 * more each call reads many, since its end and the next one's beginning are time in which nothing is read.
 */
function itemsPerCall(known: number): number {
  return Math.min(Math.max(known, fewestPerCall), mostPerCall);
}

/** Whole seconds from an RFC 3339 time to the workflow's now. */
export function secondsSince(startTimestamp: string): number {
  return Math.max(0, Math.round((Date.now() - Date.parse(startTimestamp)) / 1000));
}
