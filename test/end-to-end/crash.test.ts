import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import type { FaultProxy, HoldPoint } from '../../tools/stack/fault-proxy.ts';
import { createApplication, type Application } from './application.ts';
import { createEnvironment, readBackup, type Environment } from './environment.ts';

/** Where a worker is killed, or suspended: while a request of its own is held at this point. */
interface Cut extends HoldPoint {
  readonly title: string;
  readonly server: 's3' | 'api';
}

const backupCuts: readonly Cut[] = [
  { title: 'while it reads a list', server: 'api', method: 'GET', path: /\/pods\?/, at: 'after' },
  { title: 'before a batch is staged', server: 's3', method: 'PUT', path: /-batch/, at: 'before' },
  { title: 'after a segment was staged', server: 's3', method: 'PUT', path: /-segment-/, at: 'after' },
  { title: 'after the tarball was put', server: 's3', method: 'PUT', path: /\.tar\.gz/, at: 'after' },
  { title: 'before velero-backup.json is put', server: 's3', method: 'PUT', path: /velero-backup\.json/, at: 'before' },
  { title: 'after velero-backup.json was put', server: 's3', method: 'PUT', path: /velero-backup\.json/, at: 'after' },
];

const restoreCuts: readonly Cut[] = [
  { title: 'while it reads the tarball', server: 's3', method: 'GET', path: /\.tar\.gz/, at: 'before' },
  { title: 'after a volume was created', server: 'api', method: 'POST', path: /\/persistentvolumes$/, at: 'after' },
  { title: 'after one of many objects was created', server: 'api', method: 'POST', path: /\/configmaps$/, at: 'after' },
  { title: 'before a pod is created', server: 'api', method: 'POST', path: /\/pods$/, at: 'before' },
  { title: 'after the record was put', server: 's3', method: 'PUT', path: /velero-restore\.json/, at: 'after' },
];

/** What a worker suffers while its request is held; resolves when the worker that goes on has been started. */
type Suffering = (
  environment: Environment,
  proxy: FaultProxy,
  cut: Cut,
  start: () => Promise<unknown>,
) => Promise<RunResult>;

/** Killed like a machine that loses its power; another one takes over. */
const killed: Suffering = async (environment, proxy, cut, start) => {
  const worker = environment.startWorker();
  const holding = proxy.hold(cut);
  const result = start();
  const held = await Promise.race([holding, endOf(result, cut)]);
  await worker.kill('SIGKILL');
  held.release();
  environment.startWorker();
  return (await result) as RunResult;
};

/** Suspended past its heartbeat timeout; another one does its work to the end, and then it goes on. */
const suspended: Suffering = async (environment, proxy, cut, start) => {
  const first = environment.startWorker();
  const holding = proxy.hold(cut);
  const result = start();
  const held = await Promise.race([holding, endOf(result, cut)]);
  first.signal('SIGSTOP');
  environment.startWorker();
  const outcome = (await result) as RunResult;
  held.release();
  first.signal('SIGCONT');
  // It is told to stop, and so ends only when what it was doing has come to an end.
  await first.kill('SIGTERM');
  return outcome;
};

/** What is done to workers, and where. A suspended one swallows tasks until these time out, so that each case takes long. */
const ordeals = [
  {
    sort: 'killed',
    claim: 'changes nothing when it is killed',
    suffering: killed,
    cuts: { backup: backupCuts, restore: restoreCuts },
  },
  {
    sort: 'suspended',
    claim: 'changes nothing when it is suspended past its heartbeat timeout and then goes on',
    suffering: suspended,
    cuts: { backup: [backupCuts[0]!, backupCuts[1]!], restore: [restoreCuts[2]!] },
  },
];

/** Cases at the same time: each has up to two workers. */
const sideBySide = pLimit(8);

/** A run that ends before the point is reached would make the test wait for ever. */
async function endOf(result: Promise<unknown>, { title }: Cut): Promise<never> {
  const outcome = await result;
  throw new Error(`the run ended without having been cut ${title}: ${JSON.stringify(outcome)}`);
}

describe('a worker that dies or is suspended in the middle', function () {
  this.timeout(180_000);
  let home: Environment;
  let application: Application;
  let undisturbed: Map<string, Unstructured>;
  const environments: Environment[] = [];
  const running = new Map<string, Promise<void>>();

  before(async () => {
    home = await createEnvironment('crash-undisturbed');
    environments.push(home);
    application = await createApplication(home.kubernetes, 'crash-app', home.folder);
    home.startWorker();
    const result = await home.run('backup', { name: 'undisturbed', spec: specOf(application) });
    assert.equal(result.phase, 'Completed');
    undisturbed = await readBackup(home, 'undisturbed');
    // All cases wait most of their time, for heartbeats to time out: so they run side by side.
    for (const { sort, suffering, cuts } of ordeals) {
      for (const [index, cut] of cuts.backup.entries()) {
        launch(`backup ${sort} ${cut.title}`, () => backUp(`crash-b-${sort}-${index}`, cut, suffering));
      }
      for (const [index, cut] of cuts.restore.entries()) {
        launch(`restore ${sort} ${cut.title}`, () => restore(`crash-r-${sort}-${index}`, cut, suffering));
      }
    }
  });

  after(async () => {
    await Promise.allSettled(running.values());
    await Promise.all(environments.map((environment) => environment.stop()));
  });

  function launch(title: string, run: () => Promise<void>): void {
    const outcome = sideBySide(run);
    outcome.catch(() => undefined);
    running.set(title, outcome);
  }

  async function backUp(name: string, cut: Cut, suffering: Suffering): Promise<void> {
    const environment = await createEnvironment(name);
    environments.push(environment);
    const result = await suffering(environment, environment[cut.server], cut, () =>
      environment.run('backup', { name, spec: specOf(application) }),
    );
    assert.equal(result.phase, 'Completed');
    assert.deepEqual(await readBackup(environment, name), undisturbed);
    assert.deepEqual(
      (await environment.keys()).filter((key) => key.includes('/staging/')),
      [],
      'staging was left',
    );
    assert.equal(environment.snapshots().length, 2, 'expected one snapshot and its record');
    assert.deepEqual(
      filesBelow(join(environment.snapshotsFolder, 'snapshots', environment.snapshots()[0]!)),
      filesBelow(application.volume),
    );
  }

  async function restore(name: string, cut: Cut, suffering: Suffering): Promise<void> {
    const environment = await createEnvironment(name, { storageOf: home });
    environments.push(environment);
    const namespaceMapping = { [application.namespace]: name };
    const result = await suffering(environment, environment[cut.server], cut, () =>
      environment.run('restore', { name, spec: { backupName: 'undisturbed', namespaceMapping } }),
    );
    assert.deepEqual({ phase: result.phase, errors: result.errors }, { phase: 'Completed', errors: 0 });
    await assertRestored(environment, name);
  }

  async function assertRestored(environment: Environment, namespace: string): Promise<void> {
    const { kubernetes } = environment;
    const discovery = await kubernetes.discover();
    for (const groupResource of [
      'configmaps',
      'secrets',
      'services',
      'pods',
      'persistentvolumeclaims',
      'serviceaccounts',
    ]) {
      const originals = [...undisturbed].filter(([key]) =>
        key.startsWith(`${groupResource}/${application.namespace}/`),
      );
      const { items } = await kubernetes.listPage(discovery.find(groupResource)!, { namespace });
      const names = items.map(({ metadata }) => metadata.name);
      assert.deepEqual(names.sort(), originals.map(([key]) => key.split('/')[2]).sort(), groupResource);
      for (const [, original] of originals) {
        const restored = items.find(({ metadata }) => metadata.name === original.metadata.name)!;
        assert.deepEqual(restored['data'], original['data']);
      }
    }
    const volumes = await kubernetes.listPage(discovery.find('persistentvolumes')!);
    const ofThisRun = volumes.items.filter(
      ({ spec }) => (spec as { claimRef?: { namespace: string } }).claimRef?.namespace === namespace,
    );
    assert.equal(ofThisRun.length, 1, 'expected one PersistentVolume');
    const { path } = (ofThisRun[0]!['spec'] as { hostPath: { path: string } }).hostPath;
    assert.deepEqual(filesBelow(path), filesBelow(application.volume));
    assert.equal(environment.volumes().length, 1, 'expected one volume');
    assert.deepEqual(
      (await environment.keys()).filter((key) => key.includes('/staging/') && key.startsWith(`restores/${namespace}/`)),
      [],
    );
  }

  for (const { sort, claim, cuts } of ordeals) {
    for (const { title } of cuts.backup)
      it(`of a backup ${claim} ${title}`, () => running.get(`backup ${sort} ${title}`));
    for (const { title } of cuts.restore)
      it(`of a restore ${claim} ${title}`, () => running.get(`restore ${sort} ${title}`));
  }
});

function specOf({ namespace }: Application): object {
  return { includedNamespaces: [namespace] };
}

/** Content by relative path. */
function filesBelow(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const contents = files.map(({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(folder.length), readFileSync(path, 'base64')] as const;
  });
  return Object.fromEntries(contents);
}
