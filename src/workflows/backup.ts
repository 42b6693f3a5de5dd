import { CancellationScope, continueAsNew, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { CollectedAdditionalItems } from '../activities/collect-additional-items.ts';
import type { Position } from '../activities/collect-items.ts';
import type { PreparedBackup } from '../activities/prepare-backup.ts';
import type { BackupRequest, VolumeOutcome } from '../api/backup.ts';
import type { BatchRef, ReportRef, SegmentRef } from '../api/run.ts';
import type { ArtifactsState } from './artifacts.ts';
import { estimates, steps } from './activity-options.ts';
import { abandonBackup, sealBackup } from './backup-seal.ts';
import { endingOf, failureOf, historyIsLong } from './endings.ts';
import { HistoryRoom } from './history-room.ts';
import { executeItemActions } from './item-actions.ts';
import { Lanes } from './lanes.ts';
import type { RunResult, RunStatus } from './messages.ts';
import { newStatus, Progress } from './progress.ts';
import { awaitSnapshots, snapshotVolumes } from './snapshots.ts';
import { VolumeGates, type Paces } from './volume-gates.ts';

/** What a backup carries from one Temporal run to the next. References and counts only. */
export interface BackupState {
  prepared?: PreparedBackup;
  status: RunStatus;
  /** Where collection goes on; absent when every list has been read. */
  position?: Position;
  /** Number of the next step: steps are named by it, and segments ordered. */
  sequence: number;
  /** The wave of additional items being worked on; 0 is what the lists gave. */
  wave: number;
  /** Items in batches so far. */
  staged: number;
  segments: SegmentRef[];
  /** Reports of collections: they name what is in the backup. */
  collected: ReportRef[];
  /** Reports that ask for additional items which the next wave collects. */
  wanted: ReportRef[];
  reports: ReportRef[];
  volumes: VolumeOutcome[];
  /** How many of them have been waited for. */
  awaited: number;
  /** When the last snapshot was asked for, in milliseconds since 1970; absent if none was. */
  snapshotsAskedAt?: number;
  /** How many snapshots may still be asked for, and until when; absent if none was. */
  paces?: Paces;
  artifacts: ArtifactsState;
}

/**
 * Backs up what the request selects into its storage location, batch after batch. A batch that is done is never done again;
 * one cut off by a crash is repeated. An item that fails is counted and reported (`PartiallyFailed`); an invalid request, a
 * cluster or store that stays out of reach, and a cancellation fail the workflow, after it has removed what it made.
 *
 * The workflow id is `backup/<name>`, and `{ name, spec }` the one argument; `state` is the workflow's own.
 */
export async function backup(request: BackupRequest, state: BackupState = newState(request)): Promise<RunResult> {
  const run = new BackupRun(request, state);
  let sealed = false;
  try {
    sealed = await run.advance();
  } catch (error) {
    const ending = endingOf(error);
    const remark = await CancellationScope.nonCancellable(() => abandonBackup(run, ending));
    throw failureOf(error, ending, remark);
  }
  if (!sealed) return continueAsNew<typeof backup>(request, run.state);
  return run.progress.result(secondsSince(run.state.status.startTimestamp), run.contentsBytes);
}

/** One Temporal run's worth of a backup. */
export class BackupRun {
  readonly request: BackupRequest;
  readonly state: BackupState;
  readonly progress: Progress;
  readonly room: HistoryRoom = new HistoryRoom();
  #gates: VolumeGates | undefined;

  constructor(request: BackupRequest, state: BackupState) {
    this.request = request;
    this.state = state;
    this.progress = new Progress(state.status);
    if (state.prepared) this.progress.search(state.prepared.settings.searchAttributes, state.prepared.run.location);
  }

  /** Goes on until the backup is sealed, or until the history is long (`false`): then nothing is in flight. */
  async advance(): Promise<boolean> {
    const { state, progress } = this;
    state.prepared ??= await this.#prepare();
    while (state.position !== undefined || state.wanted.length > 0 || state.wave === 0) {
      if (historyIsLong()) return false;
      await (state.position === undefined ? this.#collectAdditional() : this.#collect());
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
    this.#gates ??= new VolumeGates(this.prepared.settings, (this.state.paces ??= {}));
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
    this.progress.search(prepared.settings.searchAttributes, prepared.run.location);
    this.progress.phase('InProgress', 'collecting items');
    this.state.position = { list: 0 };
    return prepared;
  }

  /** Lists until the end, or until the history is long, while earlier batches are worked on. */
  async #collect(): Promise<void> {
    const { state } = this;
    const lanes = new Lanes(this.prepared.settings.concurrency.batches);
    await lanes.run(async () => {
      if (this.progress.status.progress.expectedItems === undefined) await lanes.start(() => this.#estimate());
      while (state.position !== undefined && !historyIsLong()) {
        const order = [state.wave, state.sequence];
        const position = state.position;
        const collected = await steps.collectItems.executeWithOptions({ summary: this.#listName(position) }, [
          {
            ...this.planned,
            step: this.nextStep('collect'),
            batch: this.prepared.settings.batch,
            order,
            from: position,
            earlier: position.begunAnew ? state.collected : [],
            staged: state.staged,
          },
        ]);
        if (collected.next) state.position = collected.next;
        else delete state.position;
        this.#take(collected, { remaining: collected.remaining, isEstimate: state.position !== undefined });
        await this.#backUpBatches(collected.batches, { lanes, order });
      }
    });
  }

  /** Asks how much there will be. No backup fails for want of the answer. */
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
    this.#take(collected, { isEstimate: false });
    const lanes = new Lanes(this.prepared.settings.concurrency.batches);
    await lanes.run(() => this.#backUpBatches(collected.batches, { lanes, order }));
  }

  #take(
    collected: CollectedAdditionalItems,
    more: { readonly remaining?: number; readonly isEstimate: boolean },
  ): void {
    const { state, progress } = this;
    state.collected.push(collected.report);
    state.segments.push(...collected.segments);
    state.staged += collected.batches.reduce((items, batch) => items + batch.items, 0);
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
  async #backUpBatch(collected: BatchRef, order: readonly number[]): Promise<void> {
    const batch = await executeItemActions(this, collected, ({ report }) => this.report(report));
    const failedVolumes = await snapshotVolumes(this, batch);
    const archived = await steps.archiveItems.executeWithOptions({ summary: `${batch.items} items` }, [
      { ...this.planned, step: this.nextStep('archive'), order, batch, failedVolumes },
    ]);
    if (archived.segment) this.state.segments.push(archived.segment);
    this.report(archived.report);
    this.progress.done(archived.archived);
  }

  #listName({ list }: Position): string {
    const { resources } = this.prepared;
    return resources[list] ?? `list ${list + 1}`;
  }
}

/** Whole seconds from an RFC 3339 time to the workflow's now. */
export function secondsSince(startTimestamp: string): number {
  return Math.max(0, Math.round((Date.now() - Date.parse(startTimestamp)) / 1000));
}

function newState(request: BackupRequest): BackupState {
  const { firstExecutionRunId, startTime } = workflowInfo();
  const about = {
    kind: 'Backup' as const,
    name: String(request?.name),
    uid: firstExecutionRunId,
    startTimestamp: startTime.toISOString(),
  };
  return {
    status: newStatus(about),
    sequence: 0,
    wave: 0,
    staged: 0,
    segments: [],
    collected: [],
    wanted: [],
    reports: [],
    volumes: [],
    awaited: 0,
    artifacts: { begun: [], written: [] },
  };
}
