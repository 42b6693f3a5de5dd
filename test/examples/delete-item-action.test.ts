import assert from 'node:assert/strict';
import { releaseBackupLock } from '../../examples/delete-item-action/release-backup-lock.ts';
import { createActivities } from '../../src/activities/index.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { loadConfig } from '../../src/config.ts';
import { writerOf } from '../../src/kubernetes/writer.ts';
import { deleteItemActionChecks } from '../../src/plugins/index.ts';
import { createRegistry } from '../../src/plugins/registry.ts';
import { prepareWorker, type PreparedWorker } from '../../src/worker.ts';
import { applyManifests } from '../../tools/demo/manifests.ts';
import { createEnvironment, type Environment } from '../end-to-end/environment.ts';
import { ClusterInMemory } from '../support/cluster-in-memory.ts';
import { itConforms } from '../support/it-conforms.ts';
import { object } from '../support/objects.ts';
import '../support/quiet-runtime.ts';

const namespace = 'example-locks';

const database: Unstructured = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db', namespace },
  spec: {
    replicas: 0,
    serviceName: 'db',
    selector: { matchLabels: { app: 'db' } },
    template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'db', image: 'db:1' }] } },
  },
};

function lock(name: string, backup: string, owner = 'db'): Unstructured {
  const labels = { 'example.com/backup-lock': owner, 'velero.io/backup-name': backup };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels } };
}

describe('example: delete item action', function () {
  this.timeout(60_000);

  describe('as a delete item action', () => {
    itConforms(deleteItemActionChecks, async () => {
      const cluster = new ClusterInMemory();
      cluster.hold(object('v1 Namespace', namespace), lock('lock-nightly', 'nightly'));
      const kubernetes = writerOf(cluster, { signal: new AbortController().signal, assertMayWrite: () => undefined });
      return { action: releaseBackupLock, items: [database], kubernetes };
    });
  });

  describe('in a deletion', () => {
    let environment: Environment;
    let prepared: PreparedWorker;
    let ended: Promise<void>;

    before(async () => {
      environment = await createEnvironment('example-delete-item-action');
      ({ prepared, ended } = await startWorkerWith(environment));
      const manifests = [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        database,
        lock('lock-locked', 'locked'),
        lock('lock-other', 'other'),
        lock('lock-of-another-set', 'locked', 'another'),
      ];
      await applyManifests(environment.kubernetes, manifests);
      await environment.run('backup', { name: 'locked', spec: { includedNamespaces: [namespace] } });
    });

    after(async () => {
      prepared?.worker.shutdown();
      await ended;
      await prepared?.close();
      await environment?.stop();
    });

    it('releases the locks of that backup, of the items that it holds, and leaves nothing of it', async () => {
      const { phase, items, errors } = await environment.run('deleteBackup', { name: 'locked' });
      assert.deepEqual([phase, items, errors], ['Completed', 1, 0]);
      assert.deepEqual(await locks(), ['lock-of-another-set', 'lock-other']);
      assert.deepEqual(await environment.keys(), []);
    });

    async function locks(): Promise<string[]> {
      const configMaps = (await environment.kubernetes.discover()).find('configmaps')!;
      const { items } = await environment.kubernetes.listPage(configMaps, { namespace });
      return items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('lock-'));
    }
  });
});

/** A worker in this process, with the example among its actions. */
async function startWorkerWith({ configuration, kubernetes }: Environment) {
  const config = await loadConfig({ file: configuration, env: {} });
  const registry = createRegistry();
  const store = (name: string) => registry.openObjectStore(registry.named(config.backupStorageLocations, name));
  const activities = createActivities({
    ...registry,
    config,
    kubernetes,
    store,
    openStore: store,
    snapshotter: (name) => registry.openVolumeSnapshotter(registry.named(config.volumeSnapshotLocations, name)),
    deleteItemActions: [releaseBackupLock],
    isRunning: async () => false,
    runningRun: async () => undefined,
    installation: 'here/',
    searchAttributes: true,
    now: () => new Date(),
  });
  const prepared = await prepareWorker(config, { activities });
  return { prepared, ended: prepared.worker.run() };
}
