import { CancellationScope, continueAsNew } from '@temporalio/workflow';
import type { RestoredVolume } from '../activities/artifact-volumes.ts';
import type { PreparedRestore } from '../activities/prepare-restore.ts';
import type { Unpacked, UnpackedGroup } from '../activities/unpack-backup.ts';
import type { RestoreRequest } from '../api/restore.ts';
import type { BatchRef, ReportRef } from '../api/run.ts';
import type { ArtifactsState } from './artifacts.ts';
import { steps, transfers, waits } from './activity-options.ts';
import { secondsSince } from './backup.ts';
import { endingOf, failureOf, historyIsLong } from './endings.ts';
import { handOverPlan } from './dry-run.ts';
import { HistoryRoom } from './history-room.ts';
import { executeItemActions } from './item-actions.ts';
import { inLanes } from './lanes.ts';
import type { RunResult, RunStatus } from './messages.ts';
import { notify } from './notifications.ts';
import { newStatus, Progress } from './progress.ts';
import { RestoreHooks, type PendingHooks } from './restore-hooks.ts';
import { abandonRestore, sealRestore } from './restore-seal.ts';
import { Steering } from './steering.ts';
import { VolumeGates, type Paces } from './volume-gates.ts';
import { restoreVolumes } from './volumes.ts';

/** What a restore carries from one Temporal run to the next. References and counts only. */
export interface RestoreState {
  prepared?: PreparedRestore;
  status: RunStatus;
  /** Groups yet to be restored, in order; absent until the backup has been unpacked. */
  groups?: UnpackedGroup[];
  sequence: number;
  /** Reports of passes over the tarball: they name what has been unpacked. */
  unpacked: ReportRef[];
  reports: ReportRef[];
  /** Reports that tell what was done with PersistentVolumes. */
  volumeReports: ReportRef[];
  /** Reports that tell what was done with definitions and namespaces. */
  groundwork: ReportRef[];
  /** Reports that tell what was done with claims. */
  claimReports: ReportRef[];
  volumes: RestoredVolume[];
  /** Pods that were created, with hooks that have not been run yet. */
  hooks: PendingHooks[];
  /** A hook has failed after which no other is to run. */
  hooksAreStopped: boolean;
  /** Volumes made for which no PersistentVolume has been created yet. */
  unused: { location: string; volumeId: string; persistentVolume: string }[];
  /** When the last volume was asked for in each location, in milliseconds since 1970. */
  volumesAskedAt?: Record<string, number>;
  /** How many volumes may still be asked for, and until when; absent if none was. */
  paces?: Paces;
  artifacts: ArtifactsState;
}

const definitions = 'customresourcedefinitions.apiextensions.k8s.io';

/**
 * Restores a backup, or what the request selects of it: group-resource after group-resource in Velero's order, the batches of
 * each side by side. An item that fails is counted and reported (`PartiallyFailed`); an invalid request, a damaged backup, a
 * cluster or store that stays out of reach, and a cancellation fail the workflow. Objects that were created stay.
 *
 * With `dryRun` it changes nothing: it plans, and waits until its plan has been read (`RunStatus.plan`, signal `planTaken`).
 *
 * The workflow id is `restore/<name>`, and `{ name, spec }` the one argument; `state` is the workflow's own.
 */
export async function restore(request: RestoreRequest, state: RestoreState = newState(request)): Promise<RunResult> {
  const run = new RestoreRun(request, state);
  let sealed = false;
  try {
    sealed = await run.advance();
  } catch (error) {
    const ending = endingOf(error);
    const remark = await CancellationScope.nonCancellable(() => abandonRestore(run, ending));
    await notify(run, ending);
    throw failureOf(error, ending, remark);
  }
  if (!sealed) return continueAsNew<typeof restore>(request, run.state);
  const result = run.progress.result(secondsSince(run.state.status.startTimestamp));
  await notify(run);
  return result;
}

/** One Temporal run's worth of a restore. */
export class RestoreRun {
  readonly request: RestoreRequest;
  readonly state: RestoreState;
  readonly progress: Progress;
  readonly steering: Steering;
  readonly room: HistoryRoom = new HistoryRoom();
  readonly #hooks: RestoreHooks;
  #gates: VolumeGates | undefined;

  constructor(request: RestoreRequest, state: RestoreState) {
    this.request = request;
    this.state = state;
    this.progress = new Progress(state.status);
    this.steering = new Steering(this.progress);
    this.#hooks = new RestoreHooks(this);
    if (state.prepared) this.#begin(state.prepared);
  }

  /** Goes on until the restore is recorded, hooks included, or until the history is long (`false`): then nothing is in flight. */
  async advance(): Promise<boolean> {
    const { state, progress } = this;
    state.prepared ??= await this.#prepare();
    state.groups ??= await this.#unpack();
    const { groups } = state;
    await this.#hooks.run(async () => {
      while (groups.length > 0 && !historyIsLong()) {
        if (this.steering.isPaused) {
          await this.steering.resumed();
          continue;
        }
        await this.#restoreGroup(groups[0]!);
        groups.shift();
      }
    });
    if (groups.length > 0 || state.hooks.length > 0) return false;
    if (this.isDryRun) await handOverPlan(this);
    else {
      await this.#finishVolumes();
      progress.step('recording');
      await sealRestore(this);
    }
    return true;
  }

  /** Whether nothing is to be changed. */
  get isDryRun(): boolean {
    return this.request.dryRun === true;
  }

  get prepared(): PreparedRestore {
    return this.state.prepared!;
  }

  /** By which volumes begin. */
  get gates(): VolumeGates {
    this.#gates ??= new VolumeGates(this.prepared.settings, (this.state.paces ??= {}), this.steering);
    return this.#gates;
  }

  get planned(): Pick<PreparedRestore, 'run' | 'plan'> {
    const { run, plan } = this.prepared;
    return { run, plan };
  }

  nextStep(name: string): string {
    return `${name}-${this.state.sequence++}`;
  }

  report(report: ReportRef): void {
    this.state.reports.push(report);
    this.progress.reported(report);
  }

  #begin({ settings, run, schedule }: PreparedRestore): void {
    this.steering.prepared(settings);
    this.progress.search(settings.searchAttributes, run.location, schedule);
  }

  async #prepare(): Promise<PreparedRestore> {
    const prepared = await steps.prepareRestore.executeWithOptions({ summary: 'validate and plan' }, [this.request]);
    this.#begin(prepared);
    this.progress.phase('InProgress', 'reading the backup');
    return prepared;
  }

  async #unpack(): Promise<UnpackedGroup[]> {
    if (this.steering.isPaused) await this.steering.resumed();
    const { batch } = this.prepared.settings;
    const input = { ...this.planned, step: this.nextStep('unpack'), batch, staged: 0 };
    return this.#take(await transfers.unpackBackup.executeWithOptions({ summary: 'read and select' }, [input]));
  }

  async #finishVolumes(): Promise<void> {
    const { claimReports } = this.state;
    if (!this.prepared.finishesVolumes || claimReports.length === 0) return;
    this.progress.step('finishing volumes');
    if (this.steering.isPaused) await this.steering.resumed();
    const input = { ...this.planned, step: this.nextStep('finish'), claimReports };
    this.report(await waits.finishVolumes.executeWithOptions({ summary: 'labels and reclaim policies' }, [input]));
  }

  #take(unpacked: Unpacked): UnpackedGroup[] {
    this.state.unpacked.push(unpacked.report);
    this.report(unpacked.report);
    this.progress.found(unpacked.selected, { isEstimate: false });
    return [...unpacked.groups];
  }

  /** One group-resource: actions, then what they asked for, then its items; its batches side by side. */
  async #restoreGroup(group: UnpackedGroup): Promise<void> {
    const { steering } = this;
    const width = (): number => steering.openBatches;
    this.progress.step(`restoring ${group.groupResource}`);
    const batches: BatchRef[] = [...group.batches];
    const wanted: ReportRef[] = [];
    const awaited: ReportRef[] = [];
    await inLanes(width, group.batches, async (batch, index) => {
      batches[index] = await this.#executeActions(batch, { wanted, awaited });
    });
    if (wanted.length > 0) {
      if (steering.isPaused) await steering.resumed();
      const input = {
        ...this.planned,
        step: this.nextStep('unpack'),
        batch: this.prepared.settings.batch,
        staged: this.progress.status.progress.totalItems,
        wanted,
        unpacked: this.state.unpacked,
      };
      const summary = `asked for by ${group.groupResource}`;
      const additional = this.#take(await transfers.unpackAdditionalItems.executeWithOptions({ summary }, [input]));
      for (const other of additional) await this.#restoreGroup(other);
    }
    if (awaited.length > 0 && !this.isDryRun) {
      if (steering.isPaused) await steering.resumed();
      const input = { ...this.planned, step: this.nextStep('await'), reports: awaited };
      const summary = `additional items of ${group.groupResource}`;
      this.report(await waits.awaitAdditionalItems.executeWithOptions({ summary }, [input]));
    }
    await inLanes(width, batches, (batch, index) => this.#apply(group, batch, group.batches[index]!.items));
  }

  /** Namespaces are made for what goes into them, without actions. Source: Velero v1.18.1 `pkg/restore/restore.go`. */
  async #executeActions(
    original: BatchRef,
    { wanted, awaited }: { wanted: ReportRef[]; awaited: ReportRef[] },
  ): Promise<BatchRef> {
    if (original.groupResources.includes('namespaces')) return original;
    return executeItemActions(this, original, ({ report, waits: isWaiting }) => {
      this.report(report);
      if (report.additionalItems > 0) wanted.push(report);
      if (isWaiting) awaited.push(report);
    });
  }

  async #apply({ groupResource }: UnpackedGroup, batch: BatchRef, items: number): Promise<void> {
    const { state } = this;
    const volumes =
      groupResource === 'persistentvolumes' ? await restoreVolumes(this, batch) : { restored: [], failed: {} };
    if (this.steering.isPaused) await this.steering.resumed();
    const applied = await steps.applyItems.executeWithOptions({ summary: `${groupResource}, ${batch.items} items` }, [
      {
        ...this.planned,
        step: this.nextStep('apply'),
        batch,
        volumes: volumes.restored,
        failedVolumes: volumes.failed,
        volumeReports: groupResource === 'persistentvolumeclaims' ? state.volumeReports : [],
        ...(this.isDryRun && { groundwork: state.groundwork }),
      },
    ]);
    this.report(applied.report);
    if (applied.hooked) await this.#hooks.add(batch, applied.hooked);
    if (groupResource === 'persistentvolumes') state.volumeReports.push(applied.report);
    if (groupResource === 'persistentvolumeclaims') state.claimReports.push(applied.report);
    if (groupResource === 'namespaces' || groupResource === definitions) state.groundwork.push(applied.report);
    state.unused = state.unused.filter(({ persistentVolume }) => !applied.createdVolumes.includes(persistentVolume));
    if (groupResource === definitions && !this.isDryRun) {
      const input = { ...this.planned, step: this.nextStep('await'), batch };
      this.report(await waits.awaitDefinitions.executeWithOptions({ summary: `${batch.items} definitions` }, [input]));
    }
    this.progress.done({ [groupResource]: items });
  }
}

function newState(request: RestoreRequest): RestoreState {
  return {
    status: newStatus('Restore', request),
    sequence: 0,
    unpacked: [],
    reports: [],
    volumeReports: [],
    groundwork: [],
    claimReports: [],
    volumes: [],
    hooks: [],
    hooksAreStopped: false,
    unused: [],
    artifacts: { begun: [], written: [] },
  };
}
