import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { Counts, HookStatus } from '../api/backup.ts';
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
  location: keyword('BowlineLocation'),
  schedule: keyword('BowlineSchedule'),
  items: integer('BowlineItems'),
  errors: integer('BowlineErrors'),
  warnings: integer('BowlineWarnings'),
};

const noHooks = { attempted: 0, failed: 0 };
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

  /** Begins to set search attributes: only once a worker has said that they are registered. */
  search(searchAttributes: boolean, location: string, schedule?: string): void {
    this.#searchable = searchAttributes;
    if (!searchAttributes) return;
    setSearchAttributes({ ...this.status, location, ...(schedule !== undefined && { schedule }) });
  }

  step(step: string): void {
    this.#update({ step });
  }

  /** Sets the phase; the last one with the counts, to be searched for. */
  phase(phase: RunStatus['phase'], step = phase as string): void {
    this.#update({ phase, step });
    if (!this.#searchable) return;
    upsertSearchAttributes([
      { key: attributes.phase, value: phase },
      { key: attributes.items, value: this.status.progress.doneItems },
      { key: attributes.errors, value: this.status.errors },
      { key: attributes.warnings, value: this.status.warnings },
    ]);
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

  /** The dev server's UI renders lists, not tables. */
  #show(): void {
    const { kind, name, phase, step, progress, volumes, hooks, warnings, errors, remarks = [] } = this.status;
    const estimate = progress.totalIsEstimate ? ' or more' : '';
    const lines = [
      `**${kind} ${name}**: ${phase}`,
      `- now: ${step}`,
      `- items: ${progress.doneItems} of ${progress.totalItems}${estimate}`,
      `- volumes: ${volumes.completed} of ${volumes.attempted}${failures(volumes.failed)}`,
      ...(hooks ? [`- hooks: ${hooks.attempted}${failures(hooks.failed)}`] : []),
      `- warnings: ${warnings}, errors: ${errors}`,
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
    ...(of.schedule === undefined ? [] : [{ key: attributes.schedule, value: of.schedule }]),
  ]);
}

/** The run at hand, which has just begun; its request may be anything. */
export function newStatus(kind: RunStatus['kind'], request: { readonly name?: unknown } | undefined): RunStatus {
  const { firstExecutionRunId, startTime } = workflowInfo();
  return {
    kind,
    name: String(request?.name),
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

function failures(failed: number): string {
  return failed > 0 ? `, ${failed} failed` : '';
}

function sum(resources: Readonly<Record<string, ResourceProgress>>, member: keyof ResourceProgress): number {
  return Object.values(resources).reduce((total, resource) => total + resource[member], 0);
}
