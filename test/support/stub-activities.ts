import { activityInfo, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities/index.ts';
import type { SelectedVolumes } from '../../src/activities/select-volumes.ts';
import type { Counts } from '../../src/api/backup.ts';
import type { BatchRef, ReportRef, RunRef, RunSettings, StagedRef } from '../../src/api/run.ts';

type Input<Name extends keyof Activities> = Parameters<Activities[Name]>[0];

interface Call {
  readonly name: keyof Activities;
  readonly input: unknown;
}

const settings: RunSettings = {
  batch: { items: 500, bytes: 4_000_000 },
  concurrency: { batches: 2, volumes: 2 },
  snapshotLimits: {},
  itemOperationTimeoutMs: 4 * 3_600_000,
  searchAttributes: false,
};

/** A file in staging, as far as a workflow knows it. */
export function stagedRef(key: string): StagedRef {
  return { key, sha256: '0'.repeat(64), bytes: 1 };
}

export function batchRef(key: string, groupResource: string, items: number): BatchRef {
  return { ...stagedRef(key), items, groupResources: [groupResource] };
}

export function reportRef(key: string, counts: Partial<Omit<ReportRef, keyof StagedRef>> = {}): ReportRef {
  return { ...stagedRef(key), warnings: 0, errors: 0, additionalItems: 0, types: [], ...counts };
}

/** What `selectVolumes` resolves with: PersistentVolumes by their names. */
export function selectedVolumes(names: readonly string[], ordered = 0): SelectedVolumes {
  const about = { zone: 'a', reclaimPolicy: 'Retain', labels: null };
  const volumes = names.map((persistentVolume) => ({ persistentVolume, ...about }));
  return { volumes, ordered, report: reportRef('volumes-report') };
}

/** A fault that no repetition mends. */
export function permanent(type: string, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}

/** Works until `end` has come; ends as cancelled if it is cancelled before. */
export async function until<T>(end: Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 50);
  try {
    return await Promise.race([end, context.cancelled]);
  } finally {
    clearInterval(timer);
  }
}

/** Works until it is cancelled, and then ends as cancelled. */
export function untilCancelled(): Promise<never> {
  return until(new Promise<never>(() => undefined));
}

/** Activities that do nothing but tell what they were asked; `overrides` take the place of some. */
export class StubActivities {
  readonly calls: Call[] = [];
  readonly activities: Activities;
  readonly #waiting: (() => void)[] = [];

  constructor(overrides: Partial<Activities> = {}) {
    const all = { ...defaults, ...overrides };
    this.activities = Object.fromEntries(
      Object.keys(all).map((name) => [name, this.#recorded(name as keyof Activities, all)]),
    ) as unknown as Activities;
  }

  /** Resolves when an activity has been called, or called so many times. */
  async called(name: keyof Activities, times = 1): Promise<void> {
    while (this.calls.filter((call) => call.name === name).length < times)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** What one activity was asked, call after call. */
  inputs<Name extends keyof Activities>(name: Name): Input<Name>[] {
    return this.calls.filter((call) => call.name === name).map(({ input }) => input as Input<Name>);
  }

  /**
   * All calls in order, as `executeBackupItemAction example.com/a`: the activity with what tells its calls apart. Without
   * `countItems`, which runs beside the others, at no fixed place.
   */
  get story(): string[] {
    const calls = this.calls.filter(({ name }) => name !== 'countItems');
    return calls.map(({ name, input }) => [name, distinction(input)].filter(Boolean).join(' '));
  }

  #recorded(name: keyof Activities, all: Activities): (input: unknown) => Promise<unknown> {
    const activity = all[name] as (input: unknown) => Promise<unknown>;
    return (input) => {
      this.calls.push({ name, input });
      for (const resolve of this.#waiting.splice(0)) resolve();
      return activity(input);
    };
  }
}

function distinction(input: unknown): string {
  const { phase, pod, index } = (input ?? {}) as { phase?: string; pod?: { name: string }; index?: number };
  if (phase !== undefined && pod) return `${phase} ${pod.name} ${index}`;
  const { title, artifact, action, step, snapshotId, volumeId, persistentVolume, location } = (input ?? {}) as {
    [field: string]: string;
  } & { artifact?: { type: string } };
  return title ?? artifact?.type ?? action ?? snapshotId ?? persistentVolume ?? volumeId ?? step ?? location ?? '';
}

function runRef(kind: RunRef['kind'], name: string): RunRef {
  const { workflowExecution } = activityInfo();
  return { kind, name, uid: workflowExecution?.runId ?? '', location: 'default', staging: 'default' };
}

const defaults: Activities = {
  prepareBackup: async ({ name }) => ({
    run: runRef('backup', name),
    plan: stagedRef('plan'),
    report: reportRef('prepare-report'),
    settings,
    resources: ['pods', 'secrets'],
    actions: [
      { name: 'example.com/a', groupResources: ['pods'] },
      { name: 'example.com/b', groupResources: ['secrets'] },
      { name: 'example.com/c' },
    ],
    snapshotLocations: ['disks'],
    timestamps: { startTimestamp: '2026-01-02T03:04:05Z', expiration: '2026-02-01T03:04:05Z' },
  }),
  countItems: async () => 0,
  collectItems: async ({ step, order }) => ({
    batches: [batchRef(`${step}-batch0`, 'pods', 10)],
    segments: [{ ...stagedRef(`${step}-segment`), items: 5, order: [...order, 0] }],
    report: reportRef(`${step}-report`),
    selected: { pods: 10, configmaps: 5 },
    archived: { configmaps: 5 },
    remaining: 0,
  }),
  collectAdditionalItems: async ({ step }) => ({
    batches: [],
    segments: [],
    report: reportRef(`${step}-report`),
    selected: {},
    archived: {},
  }),
  selectHooks: async ({ step }) => ({ blocks: [], total: 0, report: reportRef(`${step}-report`) }),
  runHook: async ({ step }) => ({ report: reportRef(`${step}-report`), failed: false, stops: false }),
  executeBackupItemAction: async ({ batch, step }) => ({ batch, report: reportRef(`${step}-report`) }),
  handOverItems: async ({ run: { kind, name, uid }, step, action, batch }) => ({
    version: 1,
    kind: kind === 'restore' ? 'RestoreItemAction' : 'BackupItemAction',
    action,
    run: { kind, name, uid },
    items: batch.items,
    batch: { ...stagedRef(`${step}-handed`), location: 'default', provider: 'memory', bucket: 'bucket' },
    answerPrefix: `${step}-answer-`,
  }),
  adoptItems: async ({ batch, step }) => ({ batch, report: reportRef(`${step}-report`) }),
  archiveItems: async ({ batch, step, order }) => ({
    segment: { ...stagedRef(`${step}-segment`), items: batch.items, order },
    report: reportRef(`${step}-report`),
    archived: countsOf(batch),
  }),
  selectVolumes: async () => selectedVolumes([]),
  getVolumeId: async ({ persistentVolume }) => `volume-of-${persistentVolume}`,
  getVolumeInfo: async () => ({ type: 'memory' }),
  createSnapshot: async ({ persistentVolume }) => `snapshot-of-${persistentVolume}`,
  awaitSnapshot: async () => undefined,
  deleteSnapshot: async () => undefined,
  reconcileSnapshots: async () => [],
  putObject: async ({ artifact: { type } }) => ({
    key: type === 'contents' ? 'nightly.tar.gz' : type,
    bytes: 1_000,
    sha256: 'f'.repeat(64),
  }),
  verifyArtifacts: async () => undefined,
  deleteArtifacts: async () => undefined,
  deleteStaging: async () => undefined,
  prepareRestore: async ({ name }) => ({
    run: runRef('restore', name),
    plan: stagedRef('plan'),
    settings,
    actions: [{ name: 'example.com/a', groupResources: ['pods'] }],
    startTimestamp: '2026-01-02T03:04:05Z',
  }),
  unpackBackup: async ({ step }) => ({
    groups: [{ groupResource: 'pods', batches: [batchRef(`${step}-batch0`, 'pods', 10)] }],
    report: reportRef(`${step}-report`),
    selected: { pods: 10 },
  }),
  unpackAdditionalItems: async ({ step }) => ({ groups: [], report: reportRef(`${step}-report`), selected: {} }),
  executeRestoreItemAction: async ({ batch, step }) => ({ batch, report: reportRef(`${step}-report`) }),
  selectSnapshots: async () => [],
  createVolumeFromSnapshot: async ({ volume }) => `volume-of-${volume.persistentVolume}`,
  awaitVolume: async () => undefined,
  setVolumeId: async ({ persistentVolume }) => stagedRef(`item-of-${persistentVolume}`),
  deleteVolume: async () => undefined,
  deleteUnusedVolumes: async ({ unused }) => [...unused],
  applyItems: async ({ batch, step, volumes }) => ({
    report: reportRef(`${step}-report`),
    created: batch.items,
    createdVolumes: volumes.map(({ persistentVolume }) => persistentVolume),
  }),
  awaitAdditionalItems: async ({ step }) => reportRef(`${step}-report`),
  awaitDefinitions: async ({ step }) => reportRef(`${step}-report`),
  finishVolumes: async ({ step }) => reportRef(`${step}-report`),
  collectPlan: async ({ step }) => stagedRef(step),
  awaitContainers: async () => ({ up: [], over: [] }),
  remainingContainers: async () => [],
  reportUnrunHooks: async ({ step, pods }) =>
    reportRef(`${step}-report`, { errors: pods.reduce((sum, { hooks }) => sum + hooks, 0) }),
  prepareDeletion: async ({ name }) => ({
    run: runRef('deletion', name),
    settings,
    startTimestamp: '2026-01-02T03:04:05Z',
    snapshots: [],
    snapshotLocations: [],
    isFirst: true,
    remarks: [],
  }),
  awaitUnused: async () => undefined,
  sweepSnapshots: async () => ({ deleted: [], leftAlone: [] }),
  unpackDeletion: async ({ step, actions }) => ({
    batches: [batchRef(`${step}-batch0`, 'pods', 10), batchRef(`${step}-batch1`, 'secrets', 5)],
    actions: actions.map((name) => ({ name, groupResources: ['pods'] })),
    selected: { pods: 10, secrets: 5 },
    warnings: 0,
    errors: 0,
  }),
  executeDeleteItemAction: async () => ({ warnings: 0, errors: 0 }),
  selectNotifications: async () => [],
  sendNotification: async () => undefined,
  listLocations: async () => ['default', 'vault'],
  validateLocation: async () => undefined,
  prepareConformance: async ({ name }) => ({
    location: name,
    scratch: 'plugins/scratch/',
    url: 'memory://bucket/plugins/scratch/',
    checks: ['a', 'b', 'c'],
    searchAttributes: false,
  }),
  verifyCheck: async ({ title }) => ({ title, outcome: 'passed' }),
  deleteScratch: async () => undefined,
  planExpiry: async () => ({ isReadOnly: false, backups: 0, deletions: [], more: 0, lastGood: 0, remarks: [] }),
  findLeftovers: async () => ({ runs: [], more: 0 }),
  sweepRun: async () => ({ snapshots: 0, volumes: 0, files: 0, remarks: [] }),
  sweepUploads: async () => 0,
  deleteFiles: async () => ({ files: 3, unreadable: [] }),
  withdrawDeletion: async () => undefined,
};

function countsOf({ groupResources, items }: BatchRef): Counts {
  return { [groupResources[0]!]: items };
}
