import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import type { ApiResource } from '../../src/api/api-resource.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { RunResult, RunStatus } from '../../src/workflows/messages.ts';
import type { KwokServer } from '../../tools/stack/kwok.ts';
import { applyManifests } from '../../tools/demo/manifests.ts';
import { kwokServer } from '../support/servers.ts';
import { createEnvironment, readBackup, type Environment } from './environment.ts';

/** A text that only a hook's command holds: it may be in no history. */
const canary = 'correct-horse-battery';

/** An application on a node that runs its pods, with a volume, and a diary in which hooks write what they do. */
class Shop {
  readonly namespace: string;
  readonly volume: string;
  readonly diary: string;
  readonly #node: string;
  readonly #folder: string;

  constructor(namespace: string, { folder, node }: KwokServer) {
    this.namespace = namespace;
    this.#node = node;
    this.#folder = join(folder, namespace);
    this.volume = join(this.#folder, 'volume');
    this.diary = join(this.#folder, 'diary');
    mkdirSync(this.volume, { recursive: true });
    writeFileSync(this.diary, '');
    writeFileSync(join(this.volume, 'state'), 'running\n');
  }

  /** What hooks have written, line after line, without the times. */
  get story(): string[] {
    return this.entries.map(({ what }) => what);
  }

  get entries(): { what: string; at: number }[] {
    const lines = readFileSync(this.diary, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => ({ what: line.slice(line.indexOf(' ') + 1), at: Number(line.split(' ', 1)[0]) }));
  }

  get state(): string {
    return readFileSync(join(this.volume, 'state'), 'utf8').trim();
  }

  /** A command that writes into the diary, and then does more. */
  note(what: string, more = 'true'): string[] {
    return ['sh', '-c', `echo $(date +%s%3N) ${what} >> ${this.diary}; ${more} # ${canary}`];
  }

  /** A command that hangs until `release`. */
  hang(what: string): string[] {
    return this.note(what, `until [ -e ${this.#folder}/released ]; do sleep 0.1; done`);
  }

  release(): void {
    if (existsSync(this.#folder)) writeFileSync(join(this.#folder, 'released'), '');
  }

  freeze(what: string): string[] {
    return this.note(what, `echo frozen > ${this.volume}/state`);
  }

  thaw(what: string): string[] {
    return this.note(what, `echo thawed > ${this.volume}/state`);
  }

  /** Resolves when a hook has written that. */
  async wrote(what: string): Promise<void> {
    while (!this.story.includes(what)) await sleep(50);
  }

  /** Creates it, with such pods: each mounts the volume, and runs on the node unless it is told otherwise. */
  async create(
    environment: Environment,
    pods: Record<
      string,
      { readonly hooks?: Record<string, string[] | string>; readonly labels?: Record<string, string> }
    >,
  ): Promise<void> {
    const { namespace } = this;
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data', namespace };
    const common = { accessModes: ['ReadWriteMany'], storageClassName: 'manual' };
    const objects: Unstructured[] = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: `volume-${namespace}` },
        spec: {
          ...common,
          capacity: { storage: '1Gi' },
          persistentVolumeReclaimPolicy: 'Retain',
          claimRef,
          hostPath: { path: this.volume },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data', namespace },
        spec: { ...common, volumeName: `volume-${namespace}`, resources: { requests: { storage: '1Gi' } } },
      },
      ...Object.entries(pods).map(([name, { hooks = {}, labels = {} }]): Unstructured => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name,
          namespace,
          labels,
          annotations: Object.fromEntries(
            Object.entries(hooks).map(([key, value]) => [
              key,
              typeof value === 'string' ? value : JSON.stringify(value),
            ]),
          ),
        },
        spec: {
          nodeName: this.#node,
          containers: [{ name: 'main', image: 'none' }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
        },
      })),
    ];
    await applyManifests(environment.kubernetes, objects);
    const discovery = await environment.kubernetes.discover();
    for (const name of Object.keys(pods))
      await phaseOf(environment, { resource: discovery.find('pods')!, namespace, name }, 'Running');
    await phaseOf(
      environment,
      { resource: discovery.find('persistentvolumeclaims')!, namespace, name: 'data' },
      'Bound',
    );
  }
}

async function phaseOf(
  { kubernetes }: Environment,
  { resource, ...ref }: { resource: ApiResource; namespace: string; name: string },
  phase: string,
): Promise<void> {
  for (;;) {
    const { status } = await kubernetes.get(resource, ref);
    if ((status as { phase?: string } | undefined)?.phase === phase) return;
    await sleep(50);
  }
}

const pre = 'pre.hook.backup.velero.io/command';
const post = 'post.hook.backup.velero.io/command';

describe('hooks on a real cluster', function () {
  this.timeout(300_000);
  let environment: Environment;
  let kwok: KwokServer;
  const shops: Shop[] = [];

  before(async () => {
    kwok = await kwokServer();
    environment = await createEnvironment('hooks');
    environment.startWorker();
  });

  after(async () => {
    for (const shop of shops) shop.release();
    await environment.stop();
  });

  function openShop(namespace: string): Shop {
    const shop = new Shop(namespace, kwok);
    shops.push(shop);
    return shop;
  }

  async function artifact(path: string): Promise<string> {
    const body = await buffer(await environment.store.getObject(path));
    return (path.endsWith('.gz') ? gunzipSync(body) : body).toString('utf8');
  }

  async function record(name: string): Promise<{ status: Record<string, unknown> }> {
    return JSON.parse(await artifact(`backups/${name}/velero-backup.json`)) as { status: Record<string, unknown> };
  }

  const results = async (name: string): Promise<string> => artifact(`backups/${name}/${name}-results.gz`);

  /** A snapshot's own copy of the state, and when it was taken. */
  function snapshotOf(namespace: string): { state: string; at: number } {
    const folder = join(environment.snapshotsFolder, 'snapshots');
    for (const file of environment.snapshots().filter((name) => name.endsWith('.json'))) {
      const { tags, createdAt } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        tags: Record<string, string>;
        createdAt: string;
      };
      if (tags['velero.io/pv'] !== `volume-${namespace}`) continue;
      const state = readFileSync(join(folder, file.slice(0, -'.json'.length), 'state'), 'utf8').trim();
      return { state, at: Date.parse(createdAt) };
    }
    throw new Error(`there is no snapshot of volume-${namespace}`);
  }

  it('freeze all pods that share a volume, before it is snapshotted, and thaw them after', async () => {
    const shop = openShop('hooks-freeze');
    await shop.create(environment, {
      db: { hooks: { [pre]: shop.freeze('freeze db'), [post]: shop.thaw('thaw db') } },
      reader: { hooks: { [pre]: shop.note('freeze reader'), [post]: shop.note('thaw reader') } },
      bystander: {},
    });
    const result = await environment.run('backup', { name: 'freeze', spec: { includedNamespaces: [shop.namespace] } });
    assert.deepEqual([result.phase, result.volumes.completed], ['Completed', 1]);
    assert.deepEqual(shop.story, ['freeze db', 'freeze reader', 'thaw db', 'thaw reader']);
    const snapshot = snapshotOf(shop.namespace);
    const times = shop.entries.map(({ at }) => at);
    assert.ok(times[1]! <= snapshot.at && snapshot.at <= times[2]!, `${times.join()} and ${snapshot.at}`);
    assert.deepEqual([snapshot.state, shop.state], ['frozen', 'thawed']);
    assert.deepEqual((await record('freeze')).status['hookStatus'], { hooksAttempted: 4 });
    const backedUp = [...(await readBackup(environment, 'freeze')).keys()].filter((key) => key.startsWith('pods/'));
    assert.deepEqual(
      backedUp.toSorted(),
      ['bystander', 'db', 'reader'].map((name) => `pods/${shop.namespace}/${name}`),
    );
  });

  it('put no word of their commands into a history', async () => {
    const history = await environment.temporal.workflow.getHandle('backup/freeze').fetchHistory();
    const text = JSON.stringify(history, (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
    );
    assert.ok(text.includes('runHook'));
    assert.ok(!text.includes(canary) && !text.includes('frozen'));
  });

  it('thaw when the snapshot fails', async () => {
    const shop = openShop('hooks-refused');
    await shop.create(environment, { db: { hooks: { [post]: shop.note('thaw') }, labels: { app: 'db' } } });
    // Where the volume's directory is gone, no copy of it can be made.
    const exec = { container: 'main', command: shop.note('freeze', `rm -r ${shop.volume}`) };
    const hooks = { resources: [{ labelSelector: { matchLabels: { app: 'db' } }, pre: [{ exec }] }] };
    const spec = { includedNamespaces: [shop.namespace], hooks };
    const result = await environment.run('backup', { name: 'refused', spec });
    assert.deepEqual([result.phase, result.volumes.completed, result.volumes.failed], ['PartiallyFailed', 0, 1]);
    assert.deepEqual(shop.story, ['freeze', 'thaw']);
    assert.match(await results('refused'), /Error taking snapshot of volume/);
  });

  it('that hang are cut when their time is up; the pod stays out, and is thawed', async () => {
    const shop = openShop('hooks-hang');
    const hooks = { [pre]: shop.hang('freeze'), 'pre.hook.backup.velero.io/timeout': '1s', [post]: shop.note('thaw') };
    await shop.create(environment, { db: { hooks }, other: {} });
    const result = await environment.run('backup', { name: 'hang', spec: { includedNamespaces: [shop.namespace] } });
    assert.deepEqual([result.phase, result.errors, result.volumes.completed], ['PartiallyFailed', 1, 1]);
    assert.deepEqual(shop.story, ['freeze', 'thaw']);
    const [began, thawed] = shop.entries.map(({ at }) => at) as [number, number];
    assert.ok(thawed - began >= 900, `${thawed - began} ms`);
    assert.match(
      await results('hang'),
      /pre hook annotation in container main error: \/timed out after 1 s; the command may go on/,
    );
    const pods = [...(await readBackup(environment, 'hang')).keys()].filter((key) => key.startsWith('pods/'));
    assert.deepEqual(pods, [`pods/${shop.namespace}/other`]);
    assert.deepEqual((await record('hang')).status['hookStatus'], { hooksAttempted: 2, hooksFailed: 1 });
  });

  it('that are not there, fail or flood are told clearly, and in few words', async () => {
    const shop = openShop('hooks-bad');
    await shop.create(environment, { db: {} });
    const exec = (command: string[], others = {}) => ({
      exec: { command, onError: 'Continue', timeout: '20s', ...others },
    });
    const hooks = {
      resources: [
        {
          name: 'bad',
          pre: [
            exec(['no-such-program']),
            exec(['sh', '-c', 'echo out of order >&2; exit 3']),
            exec(['sh', '-c', 'head -c 50000000 /dev/zero | tr "\\0" x']),
            exec(['true'], { container: 'absent' }),
          ],
        },
      ],
    };
    const spec = { includedNamespaces: [shop.namespace], hooks };
    const result = await environment.run('backup', { name: 'bad', spec });
    assert.deepEqual([result.phase, result.errors], ['PartiallyFailed', 3]);
    assert.deepEqual((await record('bad')).status['hookStatus'], { hooksAttempted: 4, hooksFailed: 3 });
    const told = await results('bad');
    for (const words of [/no-such-program.*not found/, /exit status 3/, /no such container/]) assert.match(told, words);
    const log = await artifact('backups/bad/bad-logs.gz');
    assert.match(log, /wrote to stderr: out of order/);
    assert.match(log, /x+\\n\[\d+ bytes left out\]/);
    assert.ok(log.length < 30_000, `${log.length} bytes`);
    const pods = [...(await readBackup(environment, 'bad')).keys()].filter((key) => key.startsWith('pods/'));
    assert.equal(pods.length, 1);
  });

  it('thaw when the backup is cancelled, before it ends', async () => {
    const shop = openShop('hooks-cancelled');
    const db = { hooks: { [pre]: shop.hang('freeze db'), [post]: shop.note('thaw db') } };
    const later = { hooks: { [pre]: shop.note('freeze later'), [post]: shop.note('thaw later') } };
    await shop.create(environment, { db, later });
    const backup = await environment.start('backup', {
      name: 'cancelled',
      spec: { includedNamespaces: [shop.namespace] },
    });
    await shop.wrote('freeze db');
    await backup.cancel();
    shop.release();
    await assert.rejects(backup.result(), (error: Error) => error.cause?.constructor.name === 'CancelledFailure');
    assert.deepEqual(shop.story, ['freeze db', 'thaw db']);
    assert.throws(() => snapshotOf(shop.namespace));
  });

  it('that freeze are not run twice when the worker dies meanwhile; those that thaw are, with a warning', async () => {
    const other = await createEnvironment('hooks-killed');
    const shop = openShop('hooks-killed');
    const hooks = { [pre]: shop.hang('freeze'), [post]: shop.hang('thaw') };
    await shop.create(other, { db: { hooks } });
    let worker = other.startWorker();
    const backup = await other.start('backup', { name: 'killed', spec: { includedNamespaces: [shop.namespace] } });
    for (const begun of ['freeze', 'thaw']) {
      await shop.wrote(begun);
      await worker.kill('SIGKILL');
      worker = other.startWorker();
    }
    shop.release();
    const { phase, errors, warnings } = (await backup.result()) as RunResult;
    assert.deepEqual([phase, errors, warnings], ['PartiallyFailed', 1, 1]);
    assert.deepEqual(shop.story, ['freeze', 'thaw', 'thaw']);
    const told = gunzipSync(await buffer(await other.store.getObject('backups/killed/killed-results.gz'))).toString();
    assert.match(told, /an earlier attempt was cut off; it may have run, and is not repeated/);
    assert.match(told, /again: an earlier attempt broke off, and may have run it/);
    await other.stop();
  });

  it('run in restored pods once these are up, beside the rest of the restore', async () => {
    const shop = openShop('hooks-restore');
    const restored = 'hooks-restored';
    await shop.create(environment, {
      db: {
        hooks: {
          'post.hook.restore.velero.io/command': shop.note('seed db'),
          'post.hook.restore.velero.io/wait-for-ready': 'true',
          'post.hook.restore.velero.io/wait-timeout': '1m',
        },
      },
      web: { labels: { app: 'web' } },
    });
    await environment.run('backup', { name: 'seeded', spec: { includedNamespaces: [shop.namespace] } });
    assert.equal(shop.story.length, 0);
    const execs = ['first', 'second'].map((what) => ({ exec: { command: shop.note(`${what} web`) } }));
    const late = { exec: { command: shop.note('late'), container: 'main', waitTimeout: '1ms' } };
    const restore = await environment.start('restore', {
      name: 'seeded',
      spec: {
        backupName: 'seeded',
        namespaceMapping: { [shop.namespace]: restored },
        hooks: {
          resources: [
            {
              includedNamespaces: [restored],
              labelSelector: { matchLabels: { app: 'web' } },
              postHooks: [...execs, late],
            },
          ],
        },
      },
    });
    while ((await restore.query<RunStatus>('status')).step !== 'waiting for hooks') await sleep(50);
    assert.equal(shop.story.length, 0, 'a hook ran in a pod that no node has');
    for (const name of ['web', 'db']) await bind(environment, { namespace: restored, name }, kwok.node);
    const result = (await restore.result()) as RunResult;
    assert.deepEqual([result.phase, result.errors], ['PartiallyFailed', 1]);
    assert.deepEqual(shop.story.toSorted(), ['first web', 'second web', 'seed db']);
    assert.ok(shop.story.indexOf('first web') < shop.story.indexOf('second web'));
    const told = JSON.parse(await artifact('restores/seeded/velero-restore.json')) as { status: object };
    assert.deepEqual((told.status as { hookStatus?: object }).hookStatus, { hooksAttempted: 4, hooksFailed: 1 });
  });
});

/** Does a scheduler's work: puts a pod onto a node. */
async function bind(
  { kubernetes }: Environment,
  { namespace, name }: { namespace: string; name: string },
  node: string,
): Promise<void> {
  const pods = (await kubernetes.discover()).find('pods')!;
  await kubernetes.create(
    { ...pods, plural: `pods/${name}/binding` },
    {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    },
  );
}
