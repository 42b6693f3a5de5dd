import assert from 'node:assert/strict';
import type { Backup } from '../../src/api/backup.ts';
import { BowlineError } from '../../src/api/errors.ts';
import { encodeMetadata } from '../../src/backup-format/artifacts.ts';
import { backupLayout, restoreLayout } from '../../src/backup-format/layout.ts';
import type { CountedRun, CountedRuns } from '../../src/metrics/counted-runs.ts';
import { families } from '../../src/metrics/families.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { parseExposition, type Series } from '../support/exposition.ts';

const midnight = Date.UTC(2026, 0, 2);
const minute = 60_000;

/** A bucket and Temporal's lists, as a worker's metrics see them; they stand still until told otherwise. */
class Scene {
  readonly store = new MemoryStore();
  runs: CountedRun[] = [];
  now: number = midnight + 600 * minute;
  /** Thrown instead of an answer. */
  outage: { temporal?: Error; location?: Error } = {};
  readonly asked = { temporal: 0, location: 0 };
  readonly warnings: string[] = [];
  readonly reads: string[] = [];

  constructor() {
    const get = this.store.getObject.bind(this.store);
    this.store.getObject = (key, options) => {
      this.reads.push(key);
      return get(key, options);
    };
  }

  /** What a worker that starts now would show. */
  worker(): Metrics {
    return new Metrics({
      locations: [{ name: 'default', provider: 'memory', objectStorage: { bucket: 'b' } }],
      openStore: async () => {
        this.asked.location++;
        if (this.outage.location) throw this.outage.location;
        return this.store;
      },
      listRuns: async (): Promise<CountedRuns> => {
        this.asked.temporal++;
        if (this.outage.temporal) throw this.outage.temporal;
        return { since: midnight, runs: this.runs };
      },
      now: () => new Date(this.now),
      warn: (message) => void this.warnings.push(message),
    });
  }

  run(run: Partial<CountedRun>): void {
    const startedAt = midnight + minute;
    const volumes = { attempted: 0, completed: 0 };
    const usual = { kind: 'backup', name: 'a', schedule: '', phase: 'Completed', startedAt, warnings: 0 } as const;
    this.runs.push({ ...usual, endedAt: startedAt + minute, volumes, ...run });
  }

  backup(name: string, { schedule = '', phase = 'Completed', minutes = 0, items = 10, errors = 0 } = {}): void {
    const at = (more: number): string => new Date(midnight + (minutes + more) * minute).toISOString();
    const labels = { ...(schedule && { 'velero.io/schedule-name': schedule }) };
    const progress = { totalItems: items, itemsBackedUp: items };
    const status = { phase, startTimestamp: at(0), completionTimestamp: at(1), progress, errors };
    const metadata = { name, namespace: 'velero', uid: name, labels };
    const backup = { apiVersion: 'velero.io/v1', kind: 'Backup', metadata, spec: {}, status };
    this.store.objects.set(backupLayout(name).metadata, Buffer.from(encodeMetadata(backup as unknown as Backup)));
    this.store.objects.set(backupLayout(name).contents, Buffer.alloc(items));
  }
}

async function seriesOf(metrics: Metrics): Promise<Series> {
  return parseExposition(await metrics.text()).series;
}

describe('metrics', () => {
  let scene: Scene;
  beforeEach(() => void (scene = new Scene()));

  const counted: readonly [title: string, run: Partial<CountedRun>, series: Record<string, number>][] = [
    [
      'a whole backup',
      { schedule: 'nightly', volumes: { attempted: 3, completed: 2 } },
      {
        'velero_backup_attempt_total{schedule="nightly"}': 1,
        'velero_backup_success_total{schedule="nightly"}': 1,
        'velero_backup_success_total{schedule=""}': 0,
        'velero_backup_failure_total{schedule="nightly"}': 0,
        'velero_backup_warning_total{schedule="nightly"}': 0,
        'velero_backup_last_status{schedule="nightly"}': 1,
        'velero_backup_duration_seconds_sum{schedule="nightly"}': 60,
        'velero_backup_duration_seconds_bucket{schedule="nightly",le="60"}': 1,
        'velero_volume_snapshot_attempt_total{schedule="nightly"}': 3,
        'velero_volume_snapshot_success_total{schedule="nightly"}': 2,
        'velero_volume_snapshot_failure_total{schedule="nightly"}': 1,
        'bowline_runs_ended_total{kind="backup",phase="Completed"}': 1,
      },
    ],
    [
      'a backup that lacks items',
      { phase: 'PartiallyFailed', warnings: 2 },
      {
        'velero_backup_partial_failure_total{schedule=""}': 1,
        'velero_backup_success_total{schedule=""}': 0,
        'velero_backup_warning_total{schedule=""}': 1,
        'velero_backup_last_status{schedule=""}': 0,
      },
    ],
    [
      'a cancelled backup as one that failed',
      { phase: 'Cancelled' },
      {
        'velero_backup_failure_total{schedule=""}': 1,
        'bowline_runs_ended_total{kind="backup",phase="Cancelled"}': 1,
      },
    ],
    [
      'a refused backup, whose time does not count',
      { phase: 'FailedValidation' },
      {
        'velero_backup_validation_failure_total{schedule=""}': 1,
        'velero_backup_failure_total{schedule=""}': 0,
        'velero_backup_duration_seconds_count{schedule=""}': 0,
      },
    ],
    [
      'a backup that goes on as an attempt alone',
      { phase: 'InProgress', endedAt: undefined as never },
      {
        'velero_backup_attempt_total{schedule=""}': 1,
        'velero_backup_success_total{schedule=""}': 0,
        'bowline_runs_running{kind="backup"}': 1,
      },
    ],
    [
      'a backup that began earlier where it ended alone',
      { startedAt: midnight - minute },
      { 'velero_backup_attempt_total{schedule=""}': 0, 'velero_backup_success_total{schedule=""}': 1 },
    ],
    [
      'a restore',
      { kind: 'restore', schedule: 'nightly', phase: 'PartiallyFailed' },
      {
        'velero_restore_attempt_total{schedule="nightly"}': 1,
        'velero_restore_partial_failure_total{schedule="nightly"}': 1,
        'velero_backup_attempt_total{schedule="nightly"}': 0,
      },
    ],
    [
      'a deletion that met errors as one that failed',
      { kind: 'deletion', phase: 'PartiallyFailed' },
      {
        'velero_backup_deletion_attempt_total{schedule=""}': 1,
        'velero_backup_deletion_success_total{schedule=""}': 0,
        'velero_backup_deletion_failure_total{schedule=""}': 1,
      },
    ],
  ];
  for (const [title, run, expected] of counted) {
    it(`count ${title}`, async () => {
      scene.run(run);
      const series = await seriesOf(scene.worker());
      const told = Object.fromEntries(Object.keys(expected).map((name) => [name, series.get(name)]));
      assert.deepEqual(told, expected);
    });
  }

  it('measure the newest backup of each schedule, and count all', async () => {
    scene.backup('nightly-1', { schedule: 'nightly', items: 5 });
    scene.backup('nightly-2', { schedule: 'nightly', minutes: 30, items: 7, errors: 2, phase: 'PartiallyFailed' });
    scene.backup('nightly-3', { schedule: 'nightly', minutes: 60, items: 0, errors: 1, phase: 'Failed' });
    scene.backup('by-hand', { minutes: 10, items: 120 });
    scene.store.objects.set('backups/damaged/velero-backup.json', Buffer.from('{'));
    scene.store.objects.set('backups/running/staging/uid/batch-1', Buffer.from(''));
    scene.store.objects.set('backups/\u0001/velero-backup.json', Buffer.from(''));
    scene.store.objects.set(restoreLayout('r').record, Buffer.from(''));
    scene.store.objects.set(restoreLayout('running').logs, Buffer.from(''));
    const series = await seriesOf(scene.worker());
    const expected = {
      velero_backup_total: 6,
      velero_restore_total: 1,
      'velero_backup_last_successful_timestamp{schedule="nightly"}': midnight / 1_000 + 60,
      'velero_backup_last_successful_timestamp{schedule=""}': midnight / 1_000 + 660,
      'velero_backup_last_status{schedule="nightly"}': 0,
      'velero_backup_last_status{schedule=""}': 1,
      'velero_backup_items_total{schedule="nightly"}': 7,
      'velero_backup_items_errors{schedule="nightly"}': 1,
      'velero_backup_tarball_size_bytes{schedule="nightly"}': 7,
      'bowline_backup_items_per_second{schedule=""}': 2,
      'velero_backup_success_total{schedule="nightly"}': 0,
      'velero_backup_location_status_gauge{backup_location_name="default"}': 1,
      bowline_counting_since_timestamp_seconds: midnight / 1_000,
    };
    const told = Object.fromEntries(Object.keys(expected).map((name) => [name, series.get(name)]));
    assert.deepEqual(told, expected);
  });

  it('take the run for the newest that left no record', async () => {
    scene.backup('nightly-1', { schedule: 'nightly' });
    scene.run({ name: 'nightly-2', schedule: 'nightly', phase: 'FailedValidation', startedAt: midnight + 2 * minute });
    const series = await seriesOf(scene.worker());
    assert.equal(series.get('velero_backup_last_status{schedule="nightly"}'), 0);
  });

  it('show all families and no other, each with the labels that it says', async () => {
    scene.backup('nightly-1', { schedule: 'nightly' });
    const { series, types } = parseExposition(await scene.worker().text());
    assert.deepEqual(
      [...types],
      families.map(({ name, type }) => [name, type]),
    );
    const labelsOf = (name: string): string[] => [...name.matchAll(/(\w+)="/g)].map(([, label]) => label!);
    for (const { name, type, labels } of families) {
      const own = [...series.keys()].filter((one) => one.replace(/(_bucket|_sum|_count)?(\{.*)?$/, '') === name);
      if (type !== 'histogram') assert.ok(own.length > 0, name);
      for (const one of own)
        assert.deepEqual(
          labelsOf(one).filter((label) => label !== 'le'),
          labels,
          one,
        );
    }
  });

  it('are the same on each worker, and after its restart', async () => {
    scene.backup('nightly-1', { schedule: 'nightly' });
    scene.run({ name: 'nightly-1', schedule: 'nightly' });
    const first = await scene.worker().text();
    assert.equal(await scene.worker().text(), first);
  });

  it('are read twice a minute at the most, and once for all who ask at the same time', async () => {
    const worker = scene.worker();
    await Promise.all([worker.text(), worker.text(), worker.text()]);
    scene.now += 29_000;
    await worker.text();
    assert.deepEqual(scene.asked, { temporal: 1, location: 1 });
    scene.now += 1_000;
    await worker.text();
    assert.deepEqual(scene.asked, { temporal: 2, location: 2 });
  });

  it('read a record once, until a run of its name has ended, or ten minutes have passed', async () => {
    scene.backup('a', { items: 1 });
    scene.backup('b', { items: 2 });
    const worker = scene.worker();
    const readAfter = async (ms: number): Promise<string[]> => {
      scene.now += ms;
      scene.reads.length = 0;
      await worker.text();
      return scene.reads.map((key) => key.split('/')[1]!).sort();
    };
    assert.deepEqual(await readAfter(0), ['a', 'b']);
    assert.deepEqual(await readAfter(minute), []);
    scene.run({ kind: 'deletion', name: 'b', endedAt: scene.now });
    scene.backup('b', { items: 3, minutes: 1 });
    assert.deepEqual(await readAfter(minute), ['b']);
    assert.equal((await seriesOf(worker)).get('velero_backup_items_total{schedule=""}'), 3);
    assert.deepEqual(await readAfter(minute), ['b']);
    assert.deepEqual(await readAfter(minute), []);
    assert.deepEqual(await readAfter(10 * minute), ['a', 'b']);
  });

  it('forget a backup that is gone', async () => {
    scene.backup('a');
    const worker = scene.worker();
    await worker.text();
    scene.store.objects.clear();
    scene.now += minute;
    assert.equal((await seriesOf(worker)).get('velero_backup_total'), 0);
  });

  it('tell again what was read before while a source is out, and say so', async () => {
    scene.backup('a');
    scene.run({ name: 'a' });
    const worker = scene.worker();
    await worker.text();
    scene.outage = { temporal: new Error('no answer'), location: new BowlineError('Unavailable', 'list: timeout') };
    for (let failures = 1; failures <= 2; failures++) {
      scene.now += minute;
      const series = await seriesOf(worker);
      assert.equal(series.get('velero_backup_success_total{schedule=""}'), 1);
      assert.equal(series.get('velero_backup_total'), 1);
      assert.equal(series.get('velero_backup_location_status_gauge{backup_location_name="default"}'), 0);
      for (const source of ['temporal', 'location/default']) {
        assert.equal(series.get(`bowline_metrics_source_up{source="${source}"}`), 0);
        assert.equal(series.get(`bowline_metrics_source_failures_total{source="${source}"}`), failures);
        const readAt = series.get(`bowline_metrics_source_read_timestamp_seconds{source="${source}"}`);
        assert.equal(readAt, midnight / 1_000 + 36_000);
      }
    }
    assert.deepEqual(scene.warnings, [
      "metrics: temporal can't be read: no answer",
      "metrics: location/default can't be read: list: timeout",
    ]);
    scene.outage = {};
    scene.now += minute;
    assert.equal((await seriesOf(worker)).get('bowline_metrics_source_up{source="temporal"}'), 1);
  });

  it('leave out what could never be read: nothing is not zero', async () => {
    scene.run({});
    scene.outage = { location: new BowlineError('AccessDenied', 'list: 403') };
    const withoutStore = parseExposition(await scene.worker().text());
    assert.ok(!withoutStore.types.has('velero_backup_total'));
    assert.ok(!withoutStore.types.has('velero_backup_last_status'));
    assert.equal(withoutStore.series.get('velero_backup_success_total{schedule=""}'), 1);

    scene.outage = { temporal: new Error('no answer') };
    const withoutTemporal = parseExposition(await scene.worker().text());
    assert.ok(!withoutTemporal.types.has('velero_backup_success_total'));
    assert.equal(withoutTemporal.series.get('velero_backup_total'), 0);
  });

  it('are told without a source that does not answer', async () => {
    scene.backup('a');
    const hanging = new Metrics({
      locations: [],
      openStore: async () => scene.store,
      listRuns: () => new Promise(() => undefined),
      now: () => new Date(scene.now),
      warn: () => undefined,
      patienceMs: 0,
    });
    const { series } = parseExposition(await hanging.text());
    assert.equal(series.get('bowline_metrics_source_up{source="temporal"}'), 0);
  });
});
