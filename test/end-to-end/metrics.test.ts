import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { RunResult } from '../../src/workflows/messages.ts';
import { freePort } from '../../tools/stack/server.ts';
import { startWorker, type WorkerProcess } from '../../tools/stack/worker.ts';
import { parseExposition, type Series } from '../support/exposition.ts';
import { eventually } from '../tools/stack/eventually.ts';
import { createApplication } from './application.ts';
import { createEnvironment, type Environment } from './environment.ts';

const restarts = 10;
const nightly = { 'velero.io/schedule-name': 'nightly' };

/** What the runs below come to. */
const expected: Readonly<Record<string, number>> = {
  velero_backup_total: 1,
  velero_restore_total: 0,
  'velero_backup_attempt_total{schedule="nightly"}': 2,
  'velero_backup_success_total{schedule="nightly"}': 1,
  'velero_backup_partial_failure_total{schedule="nightly"}': 1,
  'velero_backup_failure_total{schedule="nightly"}': 0,
  'velero_backup_validation_failure_total{schedule="nightly"}': 0,
  'velero_backup_last_status{schedule="nightly"}': 0,
  'velero_backup_duration_seconds_count{schedule="nightly"}': 2,
  // The volume of the second backup is not found, so that no snapshot is asked for.
  'velero_volume_snapshot_attempt_total{schedule="nightly"}': 1,
  'velero_volume_snapshot_success_total{schedule="nightly"}': 1,
  'velero_volume_snapshot_failure_total{schedule="nightly"}': 0,
  'velero_restore_attempt_total{schedule="nightly"}': 1,
  'velero_restore_success_total{schedule="nightly"}': 1,
  'velero_restore_failed_total{schedule="nightly"}': 0,
  'velero_backup_deletion_attempt_total{schedule="nightly"}': 1,
  'velero_backup_deletion_success_total{schedule="nightly"}': 1,
  'velero_backup_deletion_failure_total{schedule="nightly"}': 0,
  'velero_backup_attempt_total{schedule=""}': 1,
  'velero_backup_success_total{schedule=""}': 0,
  'velero_backup_validation_failure_total{schedule=""}': 1,
  'velero_backup_last_status{schedule=""}': 0,
  'velero_backup_location_status_gauge{backup_location_name="default"}': 1,
  'bowline_runs_running{kind="backup"}': 0,
};

describe('the metrics of workers', function () {
  // A dozen workers start, one after the other.
  this.timeout(600_000);
  let environment: Environment;
  const ports: number[] = [];
  const workers: WorkerProcess[] = [];

  before(async () => {
    ports.push(await freePort(), await freePort());
    environment = await createEnvironment('metrics', {
      settings: () => ({ health: { listen: `127.0.0.1:${ports[0]}` } }),
    });
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await environment.stop();
  });

  function start(port = ports[0]!): WorkerProcess {
    const worker = startWorker(environment.configuration, { BOWLINE_HEALTH_LISTEN: `127.0.0.1:${port}` });
    workers.push(worker);
    return worker;
  }

  /** Of runs and records, not of the worker itself; when the worker has connected. */
  async function told(port = ports[0]!): Promise<Series> {
    const ask = () => fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    let answer = await ask();
    // A worker compiles the workflows before it connects.
    for (; answer?.status !== 200; answer = await ask()) await sleep(100);
    const { series } = parseExposition(await answer.text());
    return new Map([...series].filter(([name]) => !name.startsWith('bowline_metrics_source_')));
  }

  async function ends(workflow: string, name: string, spec?: object): Promise<RunResult> {
    return environment.run(workflow, { name, ...(spec && { spec }) });
  }

  it('are those of the runs, equal before and after restarts, and equal on every worker', async () => {
    const { namespace, volume } = await createApplication(environment.kubernetes, 'metrics', environment.folder);
    const first = start();
    const spec = { includedNamespaces: [namespace], metadata: { labels: nightly } };
    assert.equal((await ends('backup', 'nightly-1', spec)).phase, 'Completed');
    rmSync(volume, { recursive: true });
    assert.equal((await ends('backup', 'nightly-2', spec)).phase, 'PartiallyFailed');
    const restored = {
      backupName: 'nightly-1',
      namespaceMapping: { [namespace]: `${namespace}-copy` },
      restorePVs: false,
    };
    assert.equal((await ends('restore', 'copy', restored)).phase, 'Completed');
    assert.equal((await ends('deleteBackup', 'nightly-1')).phase, 'Completed');
    await assert.rejects(ends('backup', 'No_Good'));
    await eventually('all runs are listed as ended', async () => {
      const query = `TaskQueue = '${environment.name}' AND ExecutionStatus != 'Running' AND WorkflowType != 'snapshotVolume'`;
      return (await environment.temporal.workflow.count(query)).count === 5;
    });
    await first.kill();

    // Counters may begin anew once in half a day, and then all at once.
    let before: Series = new Map();
    const signals = fc.sample(fc.constantFrom<NodeJS.Signals>('SIGKILL', 'SIGTERM'), { numRuns: restarts, seed: 8 });
    for (let restart = 0; restart <= restarts; restart++) {
      const worker = start();
      const now = await told();
      const since = 'bowline_counting_since_timestamp_seconds';
      if (before.get(since) === now.get(since)) assert.deepEqual(now, before);
      else assert.ok(restart === 0 || now.get(since)! > before.get(since)!);
      if (restart === 0)
        assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, now.get(name)])), expected);
      before = now;
      if (restart < restarts) await worker.kill(signals[restart]);
    }

    start(ports[1]);
    assert.deepEqual(await told(ports[1]), await told());
  });
});
