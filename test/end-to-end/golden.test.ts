import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { parseJson } from '../../src/api/json.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { restoreLayout } from '../../src/backup-format/layout.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { startKubernetes, type KubernetesServer } from '../../tools/stack/kubernetes.ts';
import { goldenBackups, goldenFile } from '../backup-format/golden.ts';
import { otherChanges } from '../support/changed-paths.ts';
import { createEnvironment, readBackup, type Environment } from './environment.ts';

const golden = new URL('../golden/velero-1.18.1/shop/', import.meta.url);

/** What no two restores have in common: what a server gives an object, and what its controllers make of it. */
const serverFields = [
  ...['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields'].map((name) => `metadata.${name}`),
  ...['metadata.ownerReferences[*].uid', "metadata.labels['velero.io/*']", 'status'],
];

const serverFieldsByKind: Readonly<Record<string, readonly string[]>> = {
  Job: [
    "spec.selector.matchLabels['batch.kubernetes.io/controller-uid']",
    "spec.template.metadata.labels['batch.kubernetes.io/controller-uid']",
    "spec.template.metadata.labels['controller-uid']",
  ],
  Service: ['spec.clusterIP', 'spec.clusterIPs', 'spec.healthCheckNodePort', 'spec.ports[*].nodePort'],
  PersistentVolume: ['spec.claimRef.uid', 'spec.claimRef.resourceVersion'],
  ConfigMap: ["data['ca.crt']"],
};

/** Objects whose names are made up anew, and those that were not in the backup. */
const elsewhere = ['EndpointSlice', 'StorageClass shop-fast', 'CustomResourceDefinition shopzones.shop.example.org'];

function expected(file: string): Unstructured[] {
  const objects = parseJson(
    readFileSync(new URL(`expected/${file}.json`, golden), 'utf8'),
  ) as unknown as Unstructured[];
  return objects.filter(
    ({ kind, metadata }) => !elsewhere.some((one) => [kind, `${kind} ${metadata.name}`].includes(one)),
  );
}

describe("a real Velero's backups, restored into a fresh cluster", function () {
  this.timeout(300_000);
  let cluster: KubernetesServer;
  let environment: Environment;

  before(async () => {
    cluster = await startKubernetes();
    environment = await createEnvironment('golden', { cluster });
    for (const backup of goldenBackups) {
      for (const name of readdirSync(new URL(`bucket/backups/${backup}`, golden))) {
        const key = `backups/${backup}/${name}`;
        await environment.store.putObject(key, goldenFile(key));
      }
    }
    environment.startWorker();
  });

  after(async () => {
    await environment?.stop();
    await cluster?.stop();
  });

  /** Volumes' contents stay out: what made them is not there any more. */
  function restore(name: string, spec: object): Promise<RunResult> {
    return environment.run('restore', { name, spec: { restorePVs: false, ...spec } });
  }

  async function inCluster(object: Unstructured): Promise<Unstructured> {
    const { kubernetes } = environment;
    const resource = (await kubernetes.discover()).findKind(object.apiVersion, object.kind);
    assert.ok(resource, `${object.kind} is not served`);
    return kubernetes.get(resource, object.metadata);
  }

  /** How objects differ from those that are in the cluster. */
  async function differences(objects: readonly Unstructured[], allowed: readonly string[] = []): Promise<string[]> {
    const found: string[] = [];
    for (const object of objects) {
      const { kind, metadata } = object;
      const changes = [...serverFields, ...(serverFieldsByKind[kind] ?? []), ...allowed];
      for (const difference of otherChanges(object, await inCluster(object), changes)) {
        // The server writes members in an order of its own.
        if (!difference.startsWith('the order of members')) found.push(`${kind} ${metadata.name}: ${difference}`);
      }
    }
    return found;
  }

  async function resultsOf(name: string, bucket: 'ours' | 'theirs'): Promise<{ errors: object; warnings: object }> {
    const key = restoreLayout(name).results;
    const bytes = bucket === 'ours' ? await buffer(await environment.store.getObject(key)) : goldenFile(key);
    return JSON.parse(gunzipSync(bytes).toString()) as { errors: object; warnings: object };
  }

  it('(b.2) (b.4.12) (b.5) (b.6) come out as Velero itself restored them, field by field', async () => {
    const result = await restore('shop-inplace', { backupName: 'shop-golden' });
    assert.deepEqual([result.phase, result.errors], ['Completed', 0]);
    const objects = [...expected('restored-inplace'), ...expected('cluster-restored-inplace')];
    assert.ok(objects.length > 40);
    // Velero had made a new volume from the snapshot.
    assert.deepEqual(await differences(objects, ['spec.csi.volumeHandle']), []);
    const { spec } = (await inCluster({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web-np', namespace: 'shop' },
    })) as { spec?: { ports: { nodePort: number }[] } };
    assert.ok(spec?.ports.some(({ nodePort }) => nodePort === 30_117));
  });

  it('(b.4.13) lead to the same warnings and errors', async () => {
    const ours = await resultsOf('shop-inplace', 'ours');
    const theirs = await resultsOf('shop-inplace', 'theirs');
    assert.deepEqual(ours.errors, theirs.errors);
    const warning = /could not restore, ConfigMap:kube-root-ca\.crt already exists\. Warning: the in-cluster version/;
    for (const { warnings } of [ours, theirs]) assert.match(JSON.stringify(warnings), warning);
  });

  it('(b.3) (b.4.13) come out as Velero itself restored them into another namespace beside the first', async () => {
    const spec = { backupName: 'shop-golden', namespaceMapping: { shop: 'shop-copy' } };
    const result = await restore('shop-mapped', spec);
    assert.deepEqual([result.phase, result.errors], ['PartiallyFailed', 1]);
    const taken = /web-np.*provided port is already allocated/;
    assert.match(JSON.stringify((await resultsOf('shop-mapped', 'ours')).errors), taken);
    assert.match(JSON.stringify((await resultsOf('shop-mapped', 'theirs')).errors), taken);
    // Velero had given the claim a renamed volume; without contents it is provisioned anew.
    const claim = ['spec.volumeName', "metadata.annotations['pv.kubernetes.io/bind-completed']"];
    assert.deepEqual(await differences(expected('restored-mapped'), claim), []);
  });

  it('(b.2) hold what a label selector selected, and its namespace with its labels', async () => {
    const namespaceMapping = { shop: 'shop-selected' };
    const result = await restore('shop-selected', {
      backupName: 'shop-selected',
      namespaceMapping,
      existingResourcePolicy: 'none',
    });
    assert.equal(result.errors, 0);
    const { labels = {} } = (
      await inCluster({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop-selected' } })
    ).metadata;
    assert.deepEqual([labels['team'], labels['env']], ['shop', 'prod']);
  });

  it('(b.1) (b.4.13) are all there after the backup of everything, but for what is never restored', async () => {
    const result = await restore('everything', { backupName: 'everything' });
    assert.deepEqual([result.phase, result.errors], ['Completed', 0]);
    await environment.kubernetes.discover({ refresh: true });
    const items = await readBackup(environment, 'everything');
    const never = /^(nodes|events|events\.events\.k8s\.io|backups\.velero\.io|endpointslices\.discovery\.k8s\.io)\//;
    const missing: string[] = [];
    for (const [key, item] of items) {
      if (!never.test(key)) await inCluster(item).catch(() => missing.push(key));
    }
    assert.deepEqual(missing, []);
    assert.ok(items.size > 80);
  });
});
