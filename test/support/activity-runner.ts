import { gunzipSync, gzipSync } from 'node:zlib';
import type { Info } from '@temporalio/activity';
import { DefaultLogger } from '@temporalio/worker';
import { BackupEntry, type BackupBatchItem } from '../../src/activities/backup-batch.ts';
import type { RestoreBatchItem } from '../../src/activities/restore-batch.ts';
import type { DeletionBatchItem } from '../../src/activities/deletion-batch.ts';
import type { Dependencies } from '../../src/activities/dependencies.ts';
import { createActivities, type Activities } from '../../src/activities/index.ts';
import { leaseInterceptors } from '../../src/activities/lease.ts';
import type { PreparedBackup } from '../../src/activities/prepare-backup.ts';
import type { PreparedRestore } from '../../src/activities/prepare-restore.ts';
import type { ReportLine } from '../../src/activities/report.ts';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { Config } from '../../src/api/config.ts';
import type { RestoreRequest, RestoreSpec } from '../../src/api/restore.ts';
import type { BatchRef, ReportRef, StagedRef } from '../../src/api/run.ts';
import type { ObjectStore } from '../../src/plugins/object-store.ts';
import { activityEnvironment } from './activity-environment.ts';
import { ClusterInMemory } from './cluster-in-memory.ts';
import { MemorySnapshotter } from './memory-snapshotter.ts';
import { MemoryStore } from './memory-store.ts';

let leases: ReturnType<typeof leaseInterceptors> | undefined;

const config: Config = {
  temporal: { address: '', namespace: 'default', taskQueue: 'bowline', idPrefix: '' },
  kubernetes: {},
  namespace: 'velero',
  backupStorageLocations: [
    { name: 'default', provider: 'memory', default: true, objectStorage: { bucket: 'bucket' } },
    { name: 'vault', provider: 'memory', accessMode: 'ReadOnly', objectStorage: { bucket: 'vault' } },
  ],
  volumeSnapshotLocations: [{ name: 'disks', provider: 'memory' }],
  batch: { items: 500, bytes: 4 * 1024 * 1024 },
  concurrency: { batches: 8, requests: 8, lists: 4, volumes: 20 },
  itemActions: [],
  notifications: [],
  expiry: { removeLast: false, sweepAfter: '24h0m0s' },
  defaultBackupTtl: '720h0m0s',
  defaultItemOperationTimeout: '4h0m0s',
  resourceTimeout: '10m0s',
  outOfReachTimeout: '10m0s',
  restoreResourcePriorities: '',
};

/** Runs activities as a worker does, lease and failures included, over a cluster, a store and a snapshotter in memory. */
export class ActivityRunner {
  readonly cluster = new ClusterInMemory();
  readonly stores: Readonly<Record<string, MemoryStore>> = { default: new MemoryStore(), vault: new MemoryStore() };
  readonly snapshotter = new MemorySnapshotter();
  /** Ids of workflows that are running. */
  readonly running = new Set<string>();
  /** The first runs' ids of those whose id is another than `1-run`. */
  readonly firstRuns = new Map<string, string>();
  /** What activities have told of items in the worker's log, such as `ERROR pods/shop/web: no such thing: 404`. */
  readonly logged: string[] = [];
  now: Date = new Date('2026-01-02T03:04:05Z');
  readonly #activities: Activities;
  readonly #logger = new DefaultLogger('INFO', ({ level, message, meta = {} }) => {
    const { item, error } = meta as { readonly item?: string; readonly error?: string };
    this.logged.push(`${level} ${[item, message, error].filter(Boolean).join(': ')}`);
  });
  #runs = 0;
  #files = 0;

  constructor(dependencies: Partial<Omit<Dependencies, 'config'>> & { readonly config?: Partial<Config> } = {}) {
    for (const one of Object.values(this.stores)) one.now = () => this.now;
    const store = async (location: string): Promise<ObjectStore> => this.stores[location]!;
    this.#activities = createActivities({
      kubernetes: this.cluster,
      store,
      openStore: store,
      snapshotter: async () => this.snapshotter,
      backupItemActions: [],
      restoreItemActions: [],
      deleteItemActions: [],
      isRunning: async (workflowId) => this.running.has(workflowId),
      runningRun: async (id) => (this.running.has(id) ? (this.firstRuns.get(id) ?? '1-run') : undefined),
      installation: 'here/',
      searchAttributes: true,
      now: () => this.now,
      ...dependencies,
      config: { ...config, ...dependencies.config },
    });
  }

  get store(): MemoryStore {
    return this.stores['default']!;
  }

  /** One attempt of an activity. Rejects with the failure that a workflow would see. */
  run<Name extends keyof Activities>(
    name: Name,
    input: Parameters<Activities[Name]>[0],
    info: Partial<Info> = {},
  ): ReturnType<Activities[Name]> {
    // Made with the first activity: loading all tests takes so long on a busy machine that it looks like a suspension.
    leases ??= leaseInterceptors();
    const attempt = { scheduledTimestampMs: this.now.getTime(), ...info };
    const environment = activityEnvironment(attempt, [leases], this.#logger);
    const activity = this.#activities[name] as (...input: unknown[]) => Promise<unknown>;
    return environment.run<unknown[], unknown, typeof activity>(activity, input) as ReturnType<Activities[Name]>;
  }

  /** Prepares the backup `nightly`, each time as a run of its own. */
  prepareBackup(spec: BackupSpec = {}): Promise<PreparedBackup> {
    return this.run('prepareBackup', { name: 'nightly', spec }, workflow('backup/nightly', `${++this.#runs}-run`));
  }

  /** Prepares a restore of the backup `nightly`. */
  prepareRestore(spec: RestoreSpec = {}, others: Partial<RestoreRequest> = {}): Promise<PreparedRestore> {
    const request = { name: 'again', spec: { backupName: 'nightly', ...spec }, ...others };
    return this.run('prepareRestore', request, workflow('restore/again', `${++this.#runs}-run`));
  }

  /** Puts values into staging as an earlier step would have. */
  stage(values: readonly unknown[]): Promise<StagedRef> {
    return this.#stageLines(values.map((value) => JSON.stringify(value)));
  }

  /** A batch of such values. */
  async batch(items: readonly (BackupBatchItem | RestoreBatchItem | DeletionBatchItem)[]): Promise<BatchRef> {
    const groupResources = [...new Set(items.map(({ groupResource }) => groupResource))];
    const lines = items.map((item) => ('version' in item ? BackupEntry.of(item).line : JSON.stringify(item)));
    return { ...(await this.#stageLines(lines)), items: items.length, groupResources };
  }

  /** A report of such lines, as an earlier step would have written it. */
  async report<Line extends { readonly type: string }>(
    lines: readonly Line[],
    counts: Partial<ReportRef> = {},
  ): Promise<ReportRef> {
    const types = [...new Set(lines.map(({ type }) => type))];
    return { ...(await this.stage(lines)), types, warnings: 0, errors: 0, additionalItems: 0, ...counts };
  }

  async #stageLines(lines: readonly string[]): Promise<StagedRef> {
    const key = `staged-${++this.#files}`;
    return { key, ...(await this.store.putObject(key, gzipSync(lines.join('\n')))) };
  }

  /** The text of a file of staging. */
  text({ key }: StagedRef): string {
    return gunzipSync(this.store.objects.get(key)!).toString();
  }

  /** The values in a file of staging; none of a report without lines, which has none. */
  staged<T>(file: StagedRef): T[] {
    if (file.bytes === 0) return [];
    const text = this.text(file);
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as T);
  }

  /** The lines of one type in a report. */
  lines<T extends ReportLine['type']>(report: StagedRef, type: T): Extract<ReportLine, { type: T }>[] {
    return this.staged<ReportLine>(report).filter((line) => line.type === type) as Extract<ReportLine, { type: T }>[];
  }

  /** The warnings and errors of a report, each with the key of its item. */
  complaints(report: StagedRef): string[] {
    return this.lines(report, 'log')
      .filter(({ level }) => level !== 'info')
      .map(
        ({ level, message, item }) => `${level} ${item?.groupResource}/${item?.namespace}/${item?.name}: ${message}`,
      );
  }
}

/** Of an activity that belongs to the workflow `workflowId`. */
export function workflow(workflowId: string, runId = '1-run'): Partial<Info> {
  return { workflowExecution: { workflowId, runId } };
}
