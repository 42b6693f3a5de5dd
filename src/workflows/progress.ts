import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, setHandler, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { Counts, HookStatus } from '../api/backup.ts';
import { concurrencyTexts, type Concurrency } from '../api/concurrency.ts';
import { scheduleNameLabel } from '../api/labels.ts';
import { runMemoKey, scheduleNameOf, type RunMemo } from '../api/run-memo.ts';
import {
  statusQuery,
  statusQueryDescription,
  type ResourceProgress,
  type RunResult,
  type RunStatus,
} from './messages.ts';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const integer = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.INT);

const attributes = {
  kind: keyword('BowlineKind'),
  name: keyword('BowlineName'),
  phase: keyword('BowlinePhase'),
  schedule: keyword('BowlineSchedule'),
  location: keyword('BowlineLocation'),
  items: integer('BowlineItems'),
  errors: integer('BowlineErrors'),
  warnings: integer('BowlineWarnings'),
};

const noHooks = { attempted: 0, failed: 0 };
/** Stands for the phase in search attributes while a run is paused. */
const pausedPhase = 'Paused';
/** Remarks that a status holds: details in the UI have a size. */
const mostRemarks = 50;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What a run tells of itself while it works: the query `status`, the current details and the search attributes. */
export class Progress {
  readonly status: RunStatus;
  #searchable = false;

  constructor(status: RunStatus) {
    this.status = status;
    setHandler(statusQuery, () => this.status, { description: statusQueryDescription });
    this.#show();
  }

  /**
   * Begins to set search attributes, only once a worker has said that they are registered, and tells in the memo which schedule the
   * run belongs to, where preparing it has shown that.
   */
  search(searchAttributes: boolean, location: string, schedule?: string): void {
    if (schedule !== undefined) this.#update({ schedule: scheduleNameOf(schedule) });
    this.#remember();
    this.#searchable = searchAttributes;
    if (!searchAttributes) return;
    setSearchAttributes({ ...this.status, phase: this.#searchedPhase, location });
  }

  step(step: string): void {
    this.#update({ step });
  }

  /** Sets the phase; the last one with the counts, to be searched for. */
  phase(phase: RunStatus['phase'], step = phase as string): void {
    this.#update({ phase, step });
    this.#remember();
    if (!this.#searchable) return;
    upsertSearchAttributes([
      { key: attributes.phase, value: this.#searchedPhase },
      { key: attributes.items, value: this.status.progress.doneItems },
      { key: attributes.errors, value: this.status.errors },
      { key: attributes.warnings, value: this.status.warnings },
    ]);
  }

  /** Tells since when the run is paused, in RFC 3339; `undefined`: that it goes on. */
  paused(pausedSince: string | undefined): void {
    if (pausedSince === undefined) delete (this.status as Mutable<RunStatus>).pausedSince;
    else (this.status as Mutable<RunStatus>).pausedSince = pausedSince;
    this.#show();
    if (this.#searchable) upsertSearchAttributes([{ key: attributes.phase, value: this.#searchedPhase }]);
  }

  /** Tells how much is worked on at the same time. */
  concurrency(concurrency: Partial<Concurrency>): void {
    this.#update({ concurrency });
  }

  /** Adds items that are to be worked on. */
  found(counts: Counts, more: { readonly remaining?: number; readonly isEstimate: boolean }): void {
    this.#count(counts, (known, count) => ({ ...known, totalItems: known.totalItems + count }));
    const { progress } = this.status;
    const known = sum(progress.resources, 'totalItems') + (more.remaining ?? 0);
    const totalItems = more.isEstimate ? Math.max(known, progress.expectedItems ?? 0) : known;
    this.#update({ progress: { ...progress, totalItems, totalIsEstimate: more.isEstimate } });
  }

  /** Sets how many items there may be in the end; it counts while there is nothing better. */
  expect(expectedItems: number): void {
    const { progress } = this.status;
    const totalItems = progress.totalIsEstimate ? Math.max(progress.totalItems, expectedItems) : progress.totalItems;
    this.#update({ progress: { ...progress, expectedItems, totalItems } });
  }

  /** Adds items that are done. */
  done(counts: Counts): void {
    this.#count(counts, (known, count) => ({ ...known, doneItems: known.doneItems + count }));
    const { progress } = this.status;
    this.#update({ progress: { ...progress, doneItems: sum(progress.resources, 'doneItems') } });
  }

  /** Adds warnings and errors of a report. */
  reported({ warnings, errors }: { readonly warnings: number; readonly errors: number }): void {
    this.#update({ warnings: this.status.warnings + warnings, errors: this.status.errors + errors });
  }

  /** Adds something that people should look at, as a warning. What comes after too many of these is only counted. */
  remark(remark: string): void {
    const { remarks = [] } = this.status;
    this.reported({ warnings: 1, errors: 0 });
    if (remarks.length < mostRemarks) this.#update({ remarks: [...remarks, remark] });
  }

  /** Tells where a dry run's plan lies. */
  plan(plan: NonNullable<RunStatus['plan']>): void {
    this.#update({ plan });
  }

  /** Tells that the plan is there no more. */
  planRemoved(): void {
    delete (this.status as Mutable<RunStatus>).plan;
    this.#show();
  }

  volumes(change: Partial<RunStatus['volumes']>): void {
    const { attempted, completed, failed } = this.status.volumes;
    this.#update({
      volumes: {
        attempted: attempted + (change.attempted ?? 0),
        completed: completed + (change.completed ?? 0),
        failed: failed + (change.failed ?? 0),
      },
    });
  }

  hooks(change: { readonly attempted?: number; readonly failed?: number }): void {
    const { attempted, failed } = this.status.hooks ?? noHooks;
    this.#update({
      hooks: { attempted: attempted + (change.attempted ?? 0), failed: failed + (change.failed ?? 0) },
    });
  }

  /** As the record of a run holds it; nothing where no hook was due. */
  get hookStatus(): { readonly hookStatus?: HookStatus } {
    const { attempted, failed } = this.status.hooks ?? noHooks;
    if (attempted === 0) return {};
    return { hookStatus: { hooksAttempted: attempted, ...(failed > 0 && { hooksFailed: failed }) } };
  }

  /** What the workflow returns. */
  result(seconds: number, bytes?: number): RunResult {
    const { name, uid, phase, progress, warnings, errors, volumes, remarks } = this.status;
    return {
      name,
      uid,
      phase: phase as RunResult['phase'],
      items: progress.doneItems,
      warnings,
      errors,
      volumes,
      ...(remarks && { remarks }),
      ...(bytes !== undefined && { bytes }),
      seconds,
    };
  }

  /** What a run is found by: Velero has no phase for one that is paused. */
  get #searchedPhase(): string {
    return this.status.pausedSince === undefined ? this.status.phase : pausedPhase;
  }

  #count(counts: Counts, change: (known: ResourceProgress, count: number) => ResourceProgress): void {
    const resources = { ...this.status.progress.resources };
    for (const [groupResource, count] of Object.entries(counts)) {
      resources[groupResource] = change(resources[groupResource] ?? { totalItems: 0, doneItems: 0 }, count);
    }
    this.#update({ progress: { ...this.status.progress, resources } });
  }

  #update(change: Partial<RunStatus>): void {
    Object.assign(this.status as Mutable<RunStatus>, change);
    this.#show();
  }

  /** Tells Temporal's lists what came of the run. */
  #remember(): void {
    const { schedule = '', phase, startTimestamp, progress, warnings, errors, volumes, dryRun } = this.status;
    const { attempted, completed } = volumes;
    const memo: RunMemo = {
      ...{ schedule, phase, startTimestamp, items: progress.doneItems, warnings, errors },
      volumes: { attempted, completed },
      ...(dryRun && { dryRun }),
    };
    upsertMemo({ [runMemoKey]: memo });
  }

  /** The dev server's UI renders lists, after an empty line, and no tables. */
  #show(): void {
    const { kind, name, phase, step, progress, volumes, hooks, warnings, errors, remarks = [] } = this.status;
    const { pausedSince, concurrency } = this.status;
    const estimate = progress.totalIsEstimate ? ' or more' : '';
    const lines = [
      `**${kind} ${name}**: ${phase}${pausedSince === undefined ? '' : `, paused since ${pausedSince}`}`,
      '',
      `- now: ${step}`,
      `- items: ${progress.doneItems} of ${progress.totalItems}${estimate}`,
      `- volumes: ${volumes.completed} of ${volumes.attempted}${failures(volumes.failed)}`,
      ...(hooks ? [`- hooks: ${hooks.attempted}${failures(hooks.failed)}`] : []),
      `- warnings: ${warnings}, errors: ${errors}`,
      ...(concurrency ? [`- at the same time: ${concurrencyTexts(concurrency).join(', ')}`] : []),
      ...remarks.map((remark) => `- ${remark}`),
      ...Object.entries(progress.resources).map(
        ([resource, { doneItems, totalItems }]) => `- ${resource}: ${doneItems} of ${totalItems}`,
      ),
    ];
    setCurrentDetails(lines.join('\n'));
  }
}

/** Sets what a run is found by; only where a worker has said that the search attributes are registered. */
export function setSearchAttributes(of: {
  readonly kind: string;
  readonly name: string;
  readonly location: string;
  readonly phase: string;
  readonly schedule?: string;
}): void {
  upsertSearchAttributes([
    { key: attributes.kind, value: of.kind },
    { key: attributes.name, value: of.name },
    { key: attributes.location, value: of.location },
    { key: attributes.phase, value: of.phase },
    ...(of.schedule ? [{ key: attributes.schedule, value: of.schedule }] : []),
  ]);
}

/** The run at hand, which has just begun; its request may be anything. */
export function newStatus(kind: RunStatus['kind'], request: AnyRequest | undefined): RunStatus {
  const { firstExecutionRunId, startTime } = workflowInfo();
  const schedule = scheduleOf(request);
  return {
    kind,
    name: String(request?.name),
    ...(schedule !== '' && { schedule }),
    ...(request?.dryRun === true && { dryRun: true }),
    uid: firstExecutionRunId,
    startTimestamp: startTime.toISOString(),
    phase: 'New',
    step: 'validating',
    progress: { totalItems: 0, totalIsEstimate: true, doneItems: 0, resources: {} },
    volumes: { attempted: 0, completed: 0, failed: 0 },
    warnings: 0,
    errors: 0,
  };
}

/** As far as a request is looked at before it has been validated: any value may stand anywhere. */
interface AnyRequest {
  readonly name?: unknown;
  readonly dryRun?: unknown;
  readonly spec?: {
    readonly scheduleName?: unknown;
    readonly metadata?: { readonly labels?: Readonly<Record<string, unknown>> | null } | null;
  } | null;
}

/** The schedule of a backup is in its labels, that of a restore in its spec. */
function scheduleOf(request: AnyRequest | undefined): string {
  const spec = request?.spec;
  return scheduleNameOf(spec?.metadata?.labels?.[scheduleNameLabel] ?? spec?.scheduleName);
}

function failures(failed: number): string {
  return failed > 0 ? `, ${failed} failed` : '';
}

function sum(resources: Readonly<Record<string, ResourceProgress>>, member: keyof ResourceProgress): number {
  return Object.values(resources).reduce((total, resource) => total + resource[member], 0);
}
