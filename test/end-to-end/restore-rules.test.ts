import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../src/api/errors.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { restoreLayout } from '../../src/backup-format/layout.ts';
import type { DryRun } from '../../src/client/index.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { applyManifests } from '../../tools/demo/manifests.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';
import { createApplication } from './application.ts';
import { createEnvironment, type Environment } from './environment.ts';
import { startWebhook, type Webhook } from './webhook.ts';

const group = 'restore-rules.example.com';
const namespace = 'restore-rules';

/** A kind of the test's own, with a status subresource. */
const definition = object('apiextensions.k8s.io/v1 CustomResourceDefinition', `gauges.${group}`, {
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: 'Gauge', plural: 'gauges', singular: 'gauge' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

describe('the rules of restores, on a real API server', function () {
  this.timeout(240_000);
  let environment: Environment;
  let webhook: Webhook;
  let restores = 0;

  before(async () => {
    environment = await createEnvironment(namespace);
    const { kubernetes, store, folder } = environment;
    await createApplication(kubernetes, namespace, folder);
    webhook = await startWebhook(namespace, { namespace, denied: 'settings-3' });
    await applyManifests(kubernetes, [
      object('v1 Namespace', 'velero'),
      object('v1 ServiceAccount', `${namespace}/merged`, { imagePullSecrets: [{ name: 'from-backup' }] }),
      object('rbac.authorization.k8s.io/v1 RoleBinding', `${namespace}/web`, {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'ServiceAccount', name: 'web', namespace }],
      }),
    ]);
    environment.startWorker();
    await environment.run('backup', { name: 'rules', spec: { includedNamespaces: [namespace] } });
    await holdBackup(store, 'gauges', [
      { groupResource: 'customresourcedefinitions.apiextensions.k8s.io', item: definition },
      {
        groupResource: `gauges.${group}`,
        item: object(`${group}/v1 Gauge`, `${namespace}-gauges/a`, { spec: { max: 9 }, status: { value: 7 } }),
      },
      {
        groupResource: 'gadgets.nowhere.example.com',
        item: object('nowhere.example.com/v1 Gadget', `${namespace}-gauges/g`),
      },
    ]);
  });

  after(async () => {
    await deleteObject(webhook.configuration);
    await webhook.stop();
    await environment.stop();
  });

  /** Restores into namespaces of a run's own. */
  function restoreRequest(spec: object) {
    return { name: `rules-${++restores}`, spec: { backupName: 'rules', ...spec } };
  }

  function restore(spec: object): Promise<RunResult> {
    return environment.run('restore', restoreRequest(spec));
  }

  async function resultsOfLast(): Promise<string> {
    const { results } = restoreLayout(`rules-${restores}`);
    return gunzipSync(await buffer(await environment.store.getObject(results))).toString();
  }

  async function inCluster(apiVersionAndKind: string, name: string): Promise<Unstructured> {
    const wanted = object(apiVersionAndKind, name);
    for (const refresh of [false, true]) {
      const resource = (await environment.kubernetes.discover({ refresh })).findKind(wanted.apiVersion, wanted.kind);
      if (resource) return environment.kubernetes.get(resource, wanted.metadata);
    }
    throw new assert.AssertionError({ message: `${apiVersionAndKind} is not served` });
  }

  async function create(created: Unstructured): Promise<void> {
    const { kubernetes } = environment;
    await kubernetes.create((await kubernetes.discover()).findKind(created.apiVersion, created.kind)!, created);
  }

  async function deleteObject(deleted: Unstructured): Promise<void> {
    const { kubernetes } = environment;
    const resource = (await kubernetes.discover()).findKind(deleted.apiVersion, deleted.kind)!;
    await kubernetes.delete(resource, deleted.metadata);
  }

  /** Objects of the namespace by kind and name, with the versions that they are in. */
  async function versions(of: string): Promise<Record<string, string | undefined>> {
    const found: Record<string, string | undefined> = {};
    const { kubernetes } = environment;
    for (const resource of (await kubernetes.discover()).preferred) {
      if (!resource.namespaced || !resource.verbs.includes('list') || resource.groupResource.startsWith('events'))
        continue;
      for await (const { items } of kubernetes.listPages(resource, { namespace: of })) {
        for (const { kind, metadata } of items) found[`${kind}/${metadata.name}`] = metadata.resourceVersion;
      }
    }
    return found;
  }

  it('(b.4.15) (b.4.17) writes a status through its subresource, of a kind that the restore itself defines', async () => {
    const result = await restore({
      backupName: 'gauges',
      restoreStatus: { includedResources: [`gauges.${group}`] },
      excludedResources: ['gadgets.nowhere.example.com'],
    });
    assert.deepEqual([result.phase, result.errors, result.warnings], ['Completed', 0, 0]);
    const { spec, status } = await inCluster(`${group}/v1 Gauge`, `${namespace}-gauges/a`);
    assert.deepEqual([spec, status], [{ max: 9 }, { value: 7 }]);
  });

  it('(b.4.14) reports what is of a kind that nobody serves, and restores the rest', async () => {
    const result = await restore({
      backupName: 'gauges',
      namespaceMapping: { [`${namespace}-gauges`]: `${namespace}-rest` },
    });
    assert.deepEqual([result.phase, result.errors], ['PartiallyFailed', 1]);
    assert.match(await resultsOfLast(), /nowhere\.example\.com\/v1 Gadget: the cluster does not serve this kind/);
    assert.equal((await inCluster(`${group}/v1 Gauge`, `${namespace}-rest/a`))['status'], undefined);
  });

  it('(b.3) (b.5) maps a namespace everywhere: claims and their volumes, subjects, pods', async () => {
    const result = await restore({ namespaceMapping: { [namespace]: `${namespace}-copy` } });
    assert.equal(result.errors, 0, await resultsOfLast());
    const { spec: claim } = await inCluster('v1 PersistentVolumeClaim', `${namespace}-copy/data`);
    const { volumeName } = claim as { volumeName: string };
    assert.match(volumeName, /^velero-clone-/);
    const { spec: volume, metadata } = await inCluster('v1 PersistentVolume', volumeName);
    assert.equal((volume as { claimRef: { namespace: string } }).claimRef.namespace, `${namespace}-copy`);
    assert.equal(metadata.annotations?.['velero.io/original-pv-name'], `volume-${namespace}`);
    const { subjects } = await inCluster('rbac.authorization.k8s.io/v1 RoleBinding', `${namespace}-copy/web`);
    assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: 'web', namespace: `${namespace}-copy` }]);
  });

  it('(b.4.10) changes items by the rules of a ConfigMap', async () => {
    const rules = `version: v1
resourceModifierRules:
- conditions: {groupResource: configmaps, resourceNameRegex: "^settings-0$"}
  patches: [{operation: replace, path: /data/index, value: '"zero"'}]
- conditions: {groupResource: pods}
  strategicPatches: [{patchData: '{"spec":{"containers":[{"name":"web","image":"registry.example.com/web:2"}]}}'}]
- conditions: {groupResource: services, matches: [{path: /spec/ports/0/port, value: "80"}]}
  mergePatches: [{patchData: '{"metadata":{"labels":{"tier":"front"}}}'}]`;
    await create(object('v1 ConfigMap', `velero/${namespace}`, { data: { rules } }));
    const mapped = `${namespace}-modified`;
    const result = await restore({
      namespaceMapping: { [namespace]: mapped },
      resourceModifier: { kind: 'configmap', name: namespace },
    });
    assert.equal(result.errors, 0, await resultsOfLast());
    assert.deepEqual((await inCluster('v1 ConfigMap', `${mapped}/settings-0`))['data'], { index: 'zero' });
    assert.deepEqual((await inCluster('v1 ConfigMap', `${mapped}/settings-2`))['data'], { index: '2' });
    const { containers } = (await inCluster('v1 Pod', `${mapped}/web`))['spec'] as { containers: { image: string }[] };
    assert.deepEqual(
      containers.map(({ image }) => image),
      ['registry.example.com/web:2'],
    );
    assert.equal((await inCluster('v1 Service', `${mapped}/web`)).metadata.labels?.['tier'], 'front');
  });

  it('(b.4.13) updates what exists and differs, merges service accounts, and leaves the rest alone', async () => {
    const { kubernetes } = environment;
    const discovery = await kubernetes.discover();
    const change = (kind: string, name: string, patch: object): Promise<Unstructured> =>
      kubernetes.mergePatch(discovery.findKind('v1', kind)!, { namespace, name }, patch);
    await change('ConfigMap', 'settings-0', { data: { index: 'changed', more: 'added' } });
    await change('ServiceAccount', 'merged', { imagePullSecrets: [{ name: 'from-cluster' }] });
    const before = await versions(namespace);

    const cautious = await restore({ includedResources: ['configmaps', 'serviceaccounts', 'secrets'] });
    assert.match(await resultsOfLast(), /could not restore, ConfigMap:settings-0 already exists/);
    assert.equal(cautious.errors, 0);
    assert.deepEqual((await inCluster('v1 ConfigMap', `${namespace}/settings-0`))['data'], {
      index: 'changed',
      more: 'added',
    });
    assert.deepEqual((await inCluster('v1 ServiceAccount', `${namespace}/merged`))['imagePullSecrets'], [
      { name: 'from-cluster' },
      { name: 'from-backup' },
    ]);
    const after = await versions(namespace);
    assert.deepEqual(
      Object.keys(after).filter((key) => after[key] !== before[key]),
      ['ServiceAccount/merged'],
    );

    const updating = await restore({ includedResources: ['configmaps'], existingResourcePolicy: 'update' });
    assert.equal(updating.errors, 0, await resultsOfLast());
    const { data, metadata } = await inCluster('v1 ConfigMap', `${namespace}/settings-0`);
    assert.deepEqual(data, { index: '0' });
    assert.equal(metadata.labels?.['velero.io/restore-name'], `rules-${restores}`);
  });

  it('(b.3) waits for a namespace that is terminating, and creates it anew', async () => {
    const leaving = `${namespace}-leaving`;
    const held = object('v1 ConfigMap', `${leaving}/held`, { metadata: { finalizers: ['example.com/held'] } });
    await create(object('v1 Namespace', leaving));
    await create(held);
    await deleteObject(object('v1 Namespace', leaving));
    const before = (await inCluster('v1 Namespace', leaving)).metadata.uid;
    const spec = { namespaceMapping: { [namespace]: leaving }, includedResources: ['configmaps'] };
    const handle = await environment.start('restore', restoreRequest(spec));
    const awaited = `namespace ${leaving} is terminating`;
    for (;;) {
      const { raw } = await handle.describe();
      if (raw.pendingActivities?.some(({ lastFailure }) => lastFailure?.message === awaited)) break;
      await sleep(100);
    }
    const { kubernetes } = environment;
    const resource = (await kubernetes.discover()).find('configmaps')!;
    await kubernetes.mergePatch(resource, held.metadata, { metadata: { finalizers: null } });
    assert.equal(((await handle.result()) as RunResult).errors, 0, await resultsOfLast());
    assert.notEqual((await inCluster('v1 Namespace', leaving)).metadata.uid, before);
    assert.deepEqual((await inCluster('v1 ConfigMap', `${leaving}/settings-0`))['data'], { index: '0' });
  });

  describe('a dry run', () => {
    async function plan(name: string, ...flags: string[]): Promise<{ code: number | null; text: string }> {
      return environment.bowline('restore', 'create', name, '--from-backup', 'rules', '--dry-run', ...flags);
    }

    it('tells what would be created, updated, skipped, in conflict, and refused by a webhook; and changes nothing', async () => {
      await create(webhook.configuration);
      for (const name of ['settings-2', 'settings-5'])
        await deleteObject(object(name === 'settings-2' ? 'v1 ConfigMap' : 'v1 Secret', `${namespace}/${name}`));
      await deleteObject(object('v1 Secret', `${namespace}/settings-3`));
      const { kubernetes } = environment;
      const configMaps = (await kubernetes.discover()).find('configmaps')!;
      await kubernetes.mergePatch(configMaps, { namespace, name: 'settings-4' }, { data: { index: 'four', x: 'y' } });
      // The webhook may take a moment to be asked.
      while (!webhook.asked.some(({ dryRun }) => dryRun)) {
        const probe = object('v1 Secret', `${namespace}/probe`);
        await kubernetes.create((await kubernetes.discover()).find('secrets')!, probe, { dryRun: true });
      }
      const [before, keys, volumes] = [await versions(namespace), await environment.keys(), environment.volumes()];

      const { code, text } = await plan('what-if');
      const lines = text.split('\n').map((line) => line.split(/ {2,}/));
      const lineOf = (name: string): string | undefined => lines.find((line) => line[3] === name)?.join(' | ');
      assert.equal(code, 3, text);
      assert.equal(lineOf('settings-0'), `skip | configmaps | ${namespace} | settings-0 | it exists and is equal`);
      assert.equal(lineOf('settings-2'), `create | configmaps | ${namespace} | settings-2`);
      assert.equal(
        lineOf('settings-4'),
        `conflict | configmaps | ${namespace} | settings-4 | data.index, data.x; it exists and differs`,
      );
      assert.equal(lineOf('settings-5'), `create | secrets | ${namespace} | settings-5`);
      assert.match(
        lineOf('settings-3') ?? '',
        /^refused \| secrets \| restore-rules \| settings-3 \| by webhook restore-rules\.example\.com; .*no settings-3 allowed$/,
      );
      assert.match(text, /Dry run: create \d+, skip \d+, conflict \d+, refused 1\. Nothing has been changed\./);

      const updating = await plan('what-if', '--existing-resource-policy', 'update', '-o', 'json');
      const { changes } = planIn(updating.text);
      const update = changes.find(({ name, groupResource }) => name === 'settings-4' && groupResource === 'configmaps');
      assert.deepEqual([update?.action, update?.fields], ['update', ['data.index', 'data.x']]);

      assert.deepEqual(await versions(namespace), before);
      assert.deepEqual(await environment.keys(), keys);
      assert.deepEqual(environment.volumes(), volumes);
      assert.ok(webhook.asked.every(({ dryRun }) => dryRun));
    });

    it('checks items whose namespace is yet to be created, and creates none', async () => {
      const fresh = `${namespace}-fresh`;
      const { code, text } = await plan('what-if-fresh', '--namespace-mappings', `${namespace}:${fresh}`, '-o', 'json');
      const { changes, result } = planIn(text);
      assert.deepEqual([code, result.errors], [0, 0], text);
      assert.deepEqual([...new Set(changes.map(({ action }) => action))], ['create']);
      assert.ok(changes.some(({ groupResource, namespace: of }) => groupResource === 'pods' && of === fresh));
      await assert.rejects(inCluster('v1 Namespace', fresh), (error) => errorCode(error) === 'NotFound');
      assert.deepEqual(
        (await environment.keys()).filter((key) => key.includes('what-if')),
        [],
      );
    });
  });
});

/** The plan in what a command printed, among what it said beside. */
function planIn(text: string): DryRun {
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as DryRun;
}
