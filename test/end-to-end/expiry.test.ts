import assert from 'node:assert/strict';
import { CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import type { ExpiredBackups, ExpiredLocation } from '../../src/api/expiry.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import type { WorkerProcess } from '../../tools/stack/worker.ts';
import { eventually } from '../client/stub-worker.ts';
import { s3Server } from '../support/servers.ts';
import { createApplication, type Application } from './application.ts';
import { createEnvironment, type Environment } from './environment.ts';

describe('expireBackups', function () {
  this.timeout(600_000);
  let environment: Environment;
  let application: Application;
  let worker: WorkerProcess;
  let passes = 0;

  before(async () => {
    environment = await createEnvironment('expiry', { settings: () => ({ expiry: { sweepAfter: '0s' } }) });
    application = await createApplication(environment.kubernetes, 'expiry', environment.folder);
    worker = environment.startWorker();
  });

  after(() => environment.stop());

  /** One pass over the one location. */
  async function expire(): Promise<ExpiredLocation> {
    const { locations } = (await environment.temporal.workflow.execute('expireBackups', {
      taskQueue: environment.name,
      workflowId: `expire-backups-${environment.name}-${++passes}`,
    })) as ExpiredBackups;
    const [location, ...others] = locations;
    assert.ok(location !== undefined && others.length === 0);
    return location;
  }

  function backUp(name: string, spec: object = {}): Promise<RunResult> {
    return environment.run('backup', { name, spec: { includedNamespaces: [application.namespace], ...spec } });
  }

  /** Runs a workflow until a request of its is held, kills the worker, and terminates the run. */
  async function cutOff(
    workflow: 'backup' | 'restore',
    request: { readonly name: string; readonly spec: object },
    hold: () => ReturnType<Environment['s3']['hold']>,
  ): Promise<void> {
    const holding = hold();
    const handle = await environment.start(workflow, request);
    const held = await holding;
    await worker.kill();
    await handle.terminate('a test');
    held.release();
    await Promise.all([environment.s3.idle(), environment.api.idle()]);
    worker = environment.startWorker();
  }

  async function keysOf(prefix: string): Promise<string[]> {
    return (await environment.keys()).filter((key) => key.startsWith(prefix));
  }

  async function beginUpload(key: string): Promise<void> {
    const { endpoint, region, accessKeyId, secretAccessKey } = await s3Server();
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
    await client.send(new CreateMultipartUploadCommand({ Bucket: environment.name, Key: key }));
    client.destroy();
  }

  it('removes all that a backup left that was terminated, and nothing of one that runs', async () => {
    const spec = { includedNamespaces: [application.namespace] };
    await cutOff('backup', { name: 'expiry-torn', spec }, () =>
      environment.s3.hold({ method: 'PUT', path: /expiry-torn\.tar\.gz/, at: 'after' }),
    );
    await beginUpload('backups/expiry-torn/expiry-torn.tar.gz');
    const tornSnapshots = environment.snapshots();
    assert.equal(tornSnapshots.length, 2, 'a snapshot and its record');
    assert.ok((await keysOf('backups/expiry-torn/')).some((key) => key.endsWith('.tar.gz')));
    assert.ok((await keysOf('backups/expiry-torn/staging/')).length > 0);

    const holding = environment.s3.hold({ method: 'PUT', path: /expiry-alive\.tar\.gz/, at: 'before' });
    const alive = await environment.start('backup', { name: 'expiry-alive', spec });
    const held = await holding;
    await beginUpload('backups/expiry-alive/expiry-alive.tar.gz');
    const keysBefore = await keysOf('backups/expiry-alive/staging/');
    const { raw } = await alive.describe();
    assert.equal(raw.workflowExecutionInfo?.firstRunId, alive.firstExecutionRunId, 'Temporal tells which run it is');
    const swept = await expire();
    assert.partialDeepStrictEqual(swept, {
      phase: 'Done',
      remarks: [],
      swept: { runs: 1, snapshots: 1, volumes: 0, uploads: 1 },
    });
    assert.ok(swept.swept.files > 0);

    assert.deepEqual(await keysOf('backups/expiry-torn/'), []);
    assert.deepEqual(await keysOf('backups/expiry-alive/staging/'), keysBefore);
    assert.equal(environment.uploads().length, 1, 'that of the one that runs');
    const snapshots = environment.snapshots();
    assert.equal(snapshots.length, 2);
    assert.ok(snapshots.every((name) => !tornSnapshots.includes(name)));
    held.release();
    assert.equal(((await alive.result()) as RunResult).phase, 'Completed');
    assert.deepEqual(environment.snapshots(), snapshots);
  });

  it('frees the name of a backup that was terminated', async () => {
    assert.equal((await backUp('expiry-torn')).phase, 'Completed');
    assert.partialDeepStrictEqual(await expire(), {
      backups: 2,
      deleting: [],
      swept: { runs: 0, snapshots: 0, uploads: 1 },
    });
    assert.equal(environment.snapshots().length, 4);
  });

  it('removes all that a restore left that was terminated: its volume, its mark, its staging', async () => {
    const spec = { backupName: 'expiry-torn', namespaceMapping: { [application.namespace]: 'expiry-copy' } };
    await cutOff('restore', { name: 'expiry-cut', spec }, () =>
      environment.api.hold({ method: 'POST', path: /persistentvolumes/, at: 'before' }),
    );
    assert.ok(environment.volumes().length > 0);
    assert.ok((await keysOf('restores/expiry-cut/staging/')).some((key) => key.endsWith('/uses-expiry-torn')));
    const volumes = environment.volumes();
    const { swept, remarks } = await expire();
    assert.partialDeepStrictEqual(
      { swept, remarks },
      { swept: { runs: 1, snapshots: 0, volumes: 1 }, remarks: [] },
      volumes.join(),
    );
    assert.deepEqual(await keysOf('restores/'), []);
    assert.deepEqual(environment.volumes(), []);
    assert.equal(environment.snapshots().length, 4, 'those of the two backups');
  });

  it('leaves the volume of a restore that is done', async () => {
    const spec = { backupName: 'expiry-torn', namespaceMapping: { [application.namespace]: 'expiry-copy-2' } };
    const { phase } = await environment.run('restore', { name: 'expiry-done', spec });
    assert.equal(phase, 'Completed');
    const volumes = environment.volumes();
    assert.equal(volumes.length, 1);
    assert.partialDeepStrictEqual(await expire(), { swept: { runs: 0, volumes: 0 } });
    assert.deepEqual(environment.volumes(), volumes);
  });

  it('deletes what has expired with all of it, and leaves a schedule its last good backup', async () => {
    const metadata = { labels: { 'velero.io/schedule-name': 'expiry' } };
    for (const name of ['expiry-1', 'expiry-2']) await backUp(name, { ttl: '1s', metadata, snapshotVolumes: false });
    await backUp('expiry-lone', { ttl: '1s' });
    const before = environment.snapshots().length;
    const { deleting, lastGood } = await expire();
    assert.deepEqual([deleting.toSorted(), lastGood], [['expiry-1', 'expiry-lone'], 1]);
    for (const name of deleting) await environment.temporal.workflow.getHandle(`delete-backup/${name}`).result();
    assert.deepEqual([...(await keysOf('backups/expiry-1/')), ...(await keysOf('backups/expiry-lone/'))], []);
    assert.equal(environment.snapshots().length, before - 2);
    assert.partialDeepStrictEqual(await expire(), { deleting: [], lastGood: 1 });
    assert.ok((await keysOf('backups/expiry-2/')).length > 0);
  });
});

describe('a schedule', function () {
  this.timeout(600_000);
  let environment: Environment;
  let application: Application;

  before(async () => {
    environment = await createEnvironment('schedule');
    application = await createApplication(environment.kubernetes, 'schedule', environment.folder);
    environment.startWorker();
  });

  after(() => environment.stop());

  async function bowline(...args: string[]): Promise<string> {
    const { code, text } = await environment.bowline(...args);
    assert.equal(code, 0, text);
    return text;
  }

  it('makes backups that are restored by its name', async () => {
    const { namespace } = application;
    const times = ['--schedule', '0 0 1 1 *', '--include-namespaces', namespace, '--keep', 'last=2'];
    await bowline('schedule', 'create', 'end-to-end', ...times);
    await bowline('schedule', 'trigger', 'end-to-end');
    const { schedule } = environment.temporal;
    const { info } = await eventually(
      () => schedule.getHandle('scheduled-backup/end-to-end').describe(),
      (found) => found.info.recentActions.length > 0,
    );
    const [{ action }] = info.recentActions as [(typeof info.recentActions)[0]];
    const { name } = (await environment.temporal.workflow.getHandle(action.workflow.workflowId).result()) as RunResult;
    const { metadata } = JSON.parse(await bowline('backup', 'get', name, '-o', 'json')) as {
      metadata: { labels: Record<string, string> };
    };
    assert.partialDeepStrictEqual(metadata.labels, {
      'velero.io/schedule-name': 'end-to-end',
      'velero.io/retention': 'last-2',
    });
    assert.match(name, /^end-to-end-\d{14}$/);
    const mapping = ['--namespace-mappings', `${namespace}:${namespace}-copy`];
    const restored = await bowline(
      'restore',
      'create',
      'by-schedule',
      '--from-schedule',
      'end-to-end',
      ...mapping,
      '--wait',
    );
    assert.match(restored, /Restore completed with status: Completed/);
    await bowline('backup', 'create', 'by-hand-of-it', '--from-schedule', 'end-to-end', '--wait');
    const query = `BowlineSchedule = 'end-to-end' AND BowlineName = 'by-hand-of-it'`;
    await eventually(
      () => environment.temporal.workflow.count(query),
      ({ count }) => count > 0,
    );
    await bowline('schedule', 'delete', 'end-to-end', '--confirm');
  });
});
