import assert from 'node:assert/strict';
import type { AppliedItems, ApplyItemsInput } from '../../src/activities/apply-items.ts';
import type { RestoredPod } from '../../src/activities/restored-pods.ts';
import type { RestoreBatchItem } from '../../src/activities/restore-batch.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { snapshotOf } from '../support/restored-groups.ts';
import { object } from '../support/objects.ts';

const runLabels = {
  'velero.io/backup-name': 'nightly',
  'velero.io/restore-name': 'again',
  'velero.io/restore-uid': '1-run',
};

const resources: Readonly<Record<string, string>> = {
  ConfigMap: 'configmaps',
  Namespace: 'namespaces',
  PersistentVolume: 'persistentvolumes',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  Pod: 'pods',
  Service: 'services',
  ServiceAccount: 'serviceaccounts',
  Widget: 'widgets.example.com',
  Gadget: 'gadgets.example.com',
};

function entry(itemFromBackup: Unstructured): RestoreBatchItem {
  return { groupResource: resources[itemFromBackup.kind]!, itemFromBackup };
}

function configMap(name: string, data: Record<string, string> = { colour: 'red' }): Unstructured {
  return object('v1 ConfigMap', name, { data });
}

/** The labels that name what an object was restored from, and by. */
const names = { 'velero.io/backup-name': 'nightly', 'velero.io/restore-name': 'again' };

describe('applyItems', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    runner = new ActivityRunner();
    runner.cluster.hold(object('v1 Namespace', 'shop'));
    await holdBackup(runner.store, 'nightly', []);
  });

  async function apply(
    items: Unstructured[],
    { spec = {}, ...input }: Partial<ApplyItemsInput> & { spec?: RestoreSpec } = {},
    scheduledAt = runner.now,
  ): Promise<AppliedItems> {
    const { run, plan } = await runner.prepareRestore(spec);
    const batch = await runner.batch(items.map(entry));
    return runner.run(
      'applyItems',
      { run, plan, step: 'apply-1', batch, volumes: [], failedVolumes: {}, volumeReports: [], ...input },
      { scheduledTimestampMs: scheduledAt.getTime() },
    );
  }

  /** What became of each item, by its key. */
  function outcomes({ report }: AppliedItems): Record<string, string | undefined> {
    return Object.fromEntries(
      runner
        .lines(report, 'items')
        .flatMap(({ groupResource, namespace, names, action }) =>
          names.map((name) => [`${groupResource}/${namespace}/${name}`, action]),
        ),
    );
  }

  function inCluster(key: string): Unstructured {
    const found = runner.cluster.objects.get(key);
    assert.ok(found, `${key} is not in the cluster`);
    return found;
  }

  it('(b.4.7) (b.4.11) (b.4.12) creates items with the labels of the backup and the restore, and without what the old cluster gave them', async () => {
    const old = object('v1 ConfigMap', 'shop/a', {
      metadata: { uid: 'old', resourceVersion: '7', labels: { app: 'web' } },
      status: { old: true },
      data: { colour: 'red' },
    });
    const applied = await apply([old, configMap('shop/b')]);
    assert.deepEqual(outcomes(applied), { 'configmaps/shop/a': 'created', 'configmaps/shop/b': 'created' });
    assert.equal(applied.created, 2);
    const { metadata, status } = inCluster('configmaps/shop/a');
    assert.deepEqual(metadata.labels, { app: 'web', ...runLabels });
    assert.deepEqual([metadata.uid === 'old', status], [false, undefined]);
  });

  it('counts as created what an earlier attempt of this run created', async () => {
    await apply([configMap('shop/a')]);
    const { run, plan } = await runner.prepareRestore();
    const labels = { ...runLabels, 'velero.io/restore-uid': run.uid };
    runner.cluster.hold(object('v1 ConfigMap', 'shop/b', { metadata: { labels }, data: { changed: 'since' } }));
    const applied = await runner.run('applyItems', {
      run,
      plan,
      step: 'apply-1',
      batch: await runner.batch([entry(configMap('shop/b'))]),
      volumes: [],
      failedVolumes: {},
      volumeReports: [],
    });
    assert.deepEqual(outcomes(applied), { 'configmaps/shop/b': 'created' });
    assert.deepEqual([applied.created, applied.report.warnings], [1, 0]);
  });

  it('(b.4.13) leaves alone an object that exists and is equal, whoever labelled or applied it before', async () => {
    const labels = { 'velero.io/backup-name': 'older', 'velero.io/restore-uid': 'older-run' };
    const managedFields = [{ manager: 'kubectl', time: '2026-01-01T00:00:00Z' }];
    runner.cluster.hold(
      object('v1 ConfigMap', 'shop/a', { metadata: { labels, managedFields }, data: { colour: 'red' } }),
    );
    const applied = await apply([configMap('shop/a')]);
    assert.deepEqual(outcomes(applied), { 'configmaps/shop/a': 'skipped' });
    assert.deepEqual([applied.created, applied.report.warnings, applied.report.errors], [0, 0, 0]);
    assert.deepEqual(inCluster('configmaps/shop/a').metadata.labels, labels);
  });

  it('(b.4.13) warns of an object that exists and differs, and leaves it as it is', async () => {
    runner.cluster.hold(configMap('shop/a', { colour: 'blue' }));
    const applied = await apply([configMap('shop/a')]);
    assert.deepEqual(outcomes(applied), { 'configmaps/shop/a': 'skipped' });
    assert.deepEqual(runner.complaints(applied.report), [
      'warning configmaps/shop/a: could not restore, ConfigMap:a already exists. Warning: the in-cluster version is different than the backed-up version',
    ]);
    assert.deepEqual(inCluster('configmaps/shop/a')['data'], { colour: 'blue' });
  });

  it('(b.4.13) makes an object that differs as it was, with the policy update', async () => {
    runner.cluster.hold(configMap('shop/a', { colour: 'blue', shape: 'round' }));
    const { uid } = inCluster('configmaps/shop/a').metadata;
    const applied = await apply([configMap('shop/a')], { spec: { existingResourcePolicy: 'update' } });
    assert.deepEqual(outcomes(applied), { 'configmaps/shop/a': 'updated' });
    assert.deepEqual(inCluster('configmaps/shop/a')['data'], { colour: 'red' });
    assert.equal(inCluster('configmaps/shop/a').metadata.uid, uid);
    assert.deepEqual(inCluster('configmaps/shop/a').metadata.labels, names);
  });

  it('(b.4.13) names backup and restore on an object that exists and is equal, with the policy update', async () => {
    runner.cluster.hold(configMap('shop/a'));
    const applied = await apply([configMap('shop/a')], { spec: { existingResourcePolicy: 'update' } });
    assert.deepEqual(outcomes(applied), { 'configmaps/shop/a': 'skipped' });
    assert.deepEqual(inCluster('configmaps/shop/a').metadata.labels, names);
  });

  it('(b.4.13) warns when an update is refused, and fails the item where the labels are refused, too', async () => {
    runner.cluster.hold(configMap('shop/a', { colour: 'blue' }));
    runner.cluster.fail('patch', 'configmaps/shop/a', apiError('patch', { status: 422, body: '' }));
    const applied = await apply([configMap('shop/a')], { spec: { existingResourcePolicy: 'update' } });
    assert.deepEqual(outcomes(applied), { 'configmaps/shop/a': 'failed' });
    const [warning, error] = runner.complaints(applied.report);
    assert.equal(warning, 'warning configmaps/shop/a: could not update ConfigMap:a, which exists');
    assert.match(error ?? '', /^error configmaps\/shop\/a: /);
  });

  it('(b.4.13) adds to a service account that exists what only the backup has', async () => {
    runner.cluster.hold(
      object('v1 ServiceAccount', 'shop/default', {
        metadata: { labels: { app: 'cluster' } },
        secrets: [{ name: 'here' }],
      }),
    );
    const fromBackup = object('v1 ServiceAccount', 'shop/default', {
      metadata: { labels: { app: 'backup', tier: 'front' } },
      secrets: [{ name: 'here' }, { name: 'there' }],
      imagePullSecrets: [{ name: 'pull' }],
    });
    const applied = await apply([fromBackup]);
    assert.deepEqual(outcomes(applied), { 'serviceaccounts/shop/default': 'updated' });
    const { metadata, secrets, imagePullSecrets } = inCluster('serviceaccounts/shop/default');
    assert.deepEqual(secrets, [{ name: 'here' }, { name: 'there' }]);
    assert.deepEqual(imagePullSecrets, [{ name: 'pull' }]);
    assert.deepEqual(metadata.labels, { app: 'cluster', tier: 'front' });
  });

  function service(name: string): Unstructured {
    return object('v1 Service', name, { spec: { ports: [{ port: 80, nodePort: 30_080 }] } });
  }

  it('(b.4.13) takes a service for existing that is refused for its own node port', async () => {
    runner.cluster.hold(service('shop/web'));
    assert.deepEqual(outcomes(await apply([service('shop/web')])), { 'services/shop/web': 'skipped' });
  });

  it('(b.4.13) reports a service whose node port another one has', async () => {
    runner.cluster.hold(service('shop/other'));
    const applied = await apply([service('shop/web')]);
    assert.deepEqual(outcomes(applied), { 'services/shop/web': 'failed' });
    assert.equal(applied.report.errors, 1);
  });

  it('(b.3) (b.4.2) creates a namespace that is not there, when an item asks for it', async () => {
    const applied = await apply([configMap('fresh/a')]);
    assert.deepEqual(outcomes(applied), { 'configmaps/fresh/a': 'created' });
    assert.deepEqual(inCluster('namespaces//fresh').metadata.labels, { 'velero.io/restore-uid': '1-run' });
  });

  it('(b.3) uses a namespace that exists as it is', async () => {
    const applied = await apply([object('v1 Namespace', 'shop', { metadata: { labels: { team: 'a' } } })]);
    assert.deepEqual(outcomes(applied), { 'namespaces//shop': 'skipped' });
    assert.equal(inCluster('namespaces//shop').metadata.labels, undefined);
  });

  describe('with a namespace that is terminating', () => {
    beforeEach(() => {
      runner.cluster.hold(
        object('v1 Namespace', 'leaving', { metadata: { deletionTimestamp: '2026-01-02T03:04:00Z' } }),
      );
    });

    it('(b.3) waits, by a failure that asks to be repeated', async () => {
      await assert.rejects(apply([object('v1 Namespace', 'leaving')]), {
        type: 'Pending',
        nonRetryable: false,
        message: 'namespace leaving is terminating',
      });
    });

    it('(b.3) reports it after ten minutes', async () => {
      const tenMinutesAgo = new Date(runner.now.getTime() - 10 * 60_000);
      const applied = await apply([object('v1 Namespace', 'leaving')], {}, tenMinutesAgo);
      assert.deepEqual(outcomes(applied), { 'namespaces//leaving': 'failed' });
      assert.equal(applied.report.errors, 1);
    });
  });

  it('(b.3) (b.4.11) moves items and namespaces by the mapping', async () => {
    const spec = { namespaceMapping: { shop: 'shop-copy' } };
    const applied = await apply([object('v1 Namespace', 'shop'), configMap('shop/a')], { spec });
    assert.deepEqual(outcomes(applied), { 'namespaces//shop-copy': 'created', 'configmaps/shop-copy/a': 'created' });
  });

  it('(b.4.14) reports an item that is refused, in the words of the server, and one of a kind that is not served', async () => {
    const refusal = apiError('create', { status: 422, body: '{"message":"data: too long"}' });
    runner.cluster.fail('create', 'configmaps/shop/a', refusal);
    const gadget = object('example.com/v1 Gadget', 'shop/g');
    const applied = await apply([configMap('shop/a'), configMap('shop/b'), gadget]);
    assert.deepEqual(outcomes(applied), {
      'configmaps/shop/a': 'failed',
      'configmaps/shop/b': 'created',
      'gadgets.example.com/shop/g': 'failed',
    });
    assert.equal(applied.report.errors, 2);
    assert.match(runner.lines(applied.report, 'log')[0]!.error!, /data: too long/);
  });

  it('fails, to be repeated, when the server does not answer', async () => {
    runner.cluster.fail('create', 'configmaps', new BowlineError('Unavailable', 'create: no answer'));
    await assert.rejects(apply([configMap('shop/a')]), { type: 'Unavailable', nonRetryable: false });
  });

  it('(b.4.14) asks once for a kind that the cluster does not serve, however many items are of it', async () => {
    let asked = 0;
    const { discover } = runner.cluster;
    runner.cluster.discover = async (options: { refresh?: boolean } = {}) => {
      if (options.refresh) asked++;
      return discover.call(runner.cluster);
    };
    const gadgets = Array.from({ length: 50 }, (_, index) => object('example.com/v1 Gadget', `shop/g${index}`));
    const applied = await apply(gadgets);
    assert.deepEqual([applied.report.errors, asked], [50, 2]);
    assert.match(runner.lines(applied.report, 'log')[0]!.error!, /the cluster does not serve this kind/);
  });

  it('(b.4.12) creates an item as the kind that an action made of it', async () => {
    const { run, plan } = await runner.prepareRestore();
    const itemFromBackup = object('apps.openshift.io/v1 DeploymentConfig', 'shop/web');
    const batch = await runner.batch([
      {
        groupResource: 'deploymentconfigs.apps.openshift.io',
        itemFromBackup,
        item: object('apps/v1 Deployment', 'shop/web'),
      },
    ]);
    const input = { run, plan, step: 'apply-1', batch, volumes: [], failedVolumes: {}, volumeReports: [] };
    await runner.run('applyItems', input);
    assert.ok(inCluster('deployments.apps/shop/web'));
  });

  it('(b.4.13) warns where the object that exists can not be read', async () => {
    runner.cluster.hold(configMap('shop/a', { colour: 'blue' }));
    runner.cluster.fail('get', 'configmaps/shop/a', apiError('get', { status: 403, body: '' }));
    const applied = await apply([configMap('shop/a')]);
    assert.deepEqual(outcomes(applied), { 'configmaps/shop/a': 'skipped' });
    assert.deepEqual([applied.report.warnings, applied.report.errors], [1, 0]);
  });

  it('(b.4.13) takes a service for existing that is refused for its own health check port, by an internal error', async () => {
    runner.cluster.hold(service('shop/web'));
    const detail = 'failed to allocate requested HealthCheck NodePort 31000: provided port is already allocated';
    const refusal = apiError('create', { status: 500, body: JSON.stringify({ message: detail }) });
    runner.cluster.fail('create', 'services/shop/web', refusal);
    assert.deepEqual(outcomes(await apply([service('shop/web')])), { 'services/shop/web': 'skipped' });
  });

  it('(b.3) creates a namespace with its labels, annotations and spec, and nothing else', async () => {
    const rules =
      'version: v1\nresourceModifierRules: [{conditions: {groupResource: "*"}, patches: [{operation: remove, path: /spec}]}]';
    runner.cluster.hold(object('v1 Namespace', 'velero'), object('v1 ConfigMap', 'velero/rules', { data: { rules } }));
    const metadata = { labels: { team: 'a' }, annotations: { note: 'b' } };
    const fresh = object('v1 Namespace', 'fresh', {
      metadata: { ...metadata, finalizers: ['example.com/held'], managedFields: [] },
      spec: { finalizers: ['kubernetes'] },
    });
    await apply([fresh], { spec: { resourceModifier: { kind: 'configmap', name: 'rules' } } });
    const { uid, resourceVersion, creationTimestamp, ...created } = inCluster('namespaces//fresh').metadata;
    assert.ok([uid, resourceVersion, creationTimestamp].every(Boolean));
    assert.deepEqual(created, {
      name: 'fresh',
      labels: { team: 'a', 'velero.io/restore-uid': '1-run' },
      annotations: { note: 'b' },
    });
    assert.deepEqual(inCluster('namespaces//fresh')['spec'], { finalizers: ['kubernetes'] });
  });

  it('(b.3) moves a namespace of any name, and leaves others where they are', async () => {
    runner.cluster.hold(object('v1 Namespace', 'constructor'), object('v1 Namespace', 'copy'));
    const spec = { namespaceMapping: { shop: 'copy' } };
    const applied = await apply([configMap('constructor/a'), configMap('shop/b')], { spec });
    assert.deepEqual(outcomes(applied), { 'configmaps/constructor/a': 'created', 'configmaps/copy/b': 'created' });
  });

  it('(b.4.10) applies resource modifiers last, and goes on with an item that one can not be applied to', async () => {
    const rules = `version: v1
resourceModifierRules:
- conditions: {groupResource: configmaps, namespaces: [shop]}
  patches: [{operation: replace, path: /data/colour, value: green}]`;
    runner.cluster.hold(object('v1 Namespace', 'copy'), object('v1 ConfigMap', 'velero/rules', { data: { rules } }));
    const spec: RestoreSpec = {
      namespaceMapping: { shop: 'copy' },
      resourceModifier: { kind: 'ConfigMap', name: 'rules' },
    };
    const applied = await apply([configMap('shop/a'), configMap('shop/b', {})], { spec });
    assert.deepEqual(outcomes(applied), { 'configmaps/copy/a': 'created', 'configmaps/copy/b': 'created' });
    assert.deepEqual(inCluster('configmaps/copy/a')['data'], { colour: 'green' });
    assert.deepEqual(runner.complaints(applied.report), ['error configmaps/shop/b: Error applying resource modifier']);
    assert.match(
      runner.lines(applied.report, 'log').find(({ level }) => level === 'error')!.error!,
      /^resourceModifierRules\[0\]: replace \/data\/colour: there is no such path$/,
    );
  });

  describe('that have a status', () => {
    const widget = object('example.com/v1 Widget', 'shop/w', { spec: { size: 1 }, status: { phase: 'Ready' } });
    const spec: RestoreSpec = { restoreStatus: { includedResources: ['widgets.example.com'] } };

    it('(b.4.15) leave it behind by default', async () => {
      await apply([widget]);
      assert.equal(inCluster('widgets.example.com/shop/w')['status'], undefined);
    });

    it('(b.4.15) get it back through the status subresource, if the spec or the object says so', async () => {
      const asking = object('v1 ConfigMap', 'shop/a', {
        metadata: { annotations: { 'velero.io/restore-status': 'true' } },
        status: { seen: true },
      });
      await apply([widget, asking, object('v1 ConfigMap', 'shop/b', { status: { seen: true } })], { spec });
      assert.deepEqual(inCluster('widgets.example.com/shop/w')['status'], { phase: 'Ready' });
      assert.deepEqual(inCluster('configmaps/shop/a')['status'], { seen: true });
      assert.equal(inCluster('configmaps/shop/b')['status'], undefined);
      assert.ok(runner.cluster.requests.includes('replace status widgets.example.com/shop/w'));
    });

    it('(b.4.15) get it back from the attempt after one that got as far as creating them', async () => {
      const labels = { ...runLabels, 'velero.io/restore-uid': '1-run' };
      runner.cluster.hold(object('example.com/v1 Widget', 'shop/w', { metadata: { labels } }));
      assert.deepEqual(outcomes(await apply([widget], { spec })), { 'widgets.example.com/shop/w': 'created' });
      assert.deepEqual(inCluster('widgets.example.com/shop/w')['status'], { phase: 'Ready' });
    });

    it('(b.4.15) do not get it if they existed before', async () => {
      runner.cluster.hold(object('example.com/v1 Widget', 'shop/w', { spec: { size: 1 } }));
      assert.deepEqual(outcomes(await apply([widget], { spec })), { 'widgets.example.com/shop/w': 'skipped' });
      assert.equal(inCluster('widgets.example.com/shop/w')['status'], undefined);
    });

    it('(b.4.15) get it though a controller writes them at the same time', async () => {
      const { replaceStatus } = runner.cluster;
      let conflicts = 0;
      runner.cluster.replaceStatus = async (resource, written) => {
        if (conflicts++ < 2) throw apiError('replace status', { status: 409, body: '{"reason":"Conflict"}' });
        return replaceStatus.call(runner.cluster, resource, written);
      };
      const applied = await apply([widget], { spec });
      assert.deepEqual(inCluster('widgets.example.com/shop/w')['status'], { phase: 'Ready' });
      assert.equal(applied.report.warnings, 0);
    });

    it('(b.4.15) are there with a warning where it can not be written', async () => {
      const refusal = apiError('replace status', { status: 404, body: '{"reason":"NotFound"}' });
      runner.cluster.fail('replace status', 'widgets.example.com', refusal);
      const applied = await apply([widget], { spec });
      assert.deepEqual(outcomes(applied), { 'widgets.example.com/shop/w': 'created' });
      assert.deepEqual(runner.complaints(applied.report), [
        'warning widgets.example.com/shop/w: its status could not be restored',
      ]);
    });
  });

  describe('of volumes', () => {
    function volume(name: string, spec: object = {}): Unstructured {
      return object('v1 PersistentVolume', name, { spec: { persistentVolumeReclaimPolicy: 'Delete', ...spec } });
    }

    it('(b.4.9) (b.5) creates the PersistentVolume that points to the restored volume, under the new name if it has one', async () => {
      const item = await runner.stage([volume('pv-1', { memory: { volumeId: 'new-volume' } })]);
      const applied = await apply([volume('pv-1')], {
        volumes: [{ persistentVolume: 'pv-1', item, renamedTo: 'pv-copy' }],
      });
      assert.deepEqual(applied.createdVolumes, ['pv-1']);
      const { spec, metadata } = inCluster('persistentvolumes//pv-copy');
      assert.deepEqual((spec as { memory?: object }).memory, { volumeId: 'new-volume' });
      assert.deepEqual(metadata.annotations, { 'velero.io/original-pv-name': 'pv-1' });

      const claim = object('v1 PersistentVolumeClaim', 'shop/data', { spec: { volumeName: 'pv-1' } });
      await apply([claim], { volumeReports: [applied.report] });
      assert.deepEqual(inCluster('persistentvolumeclaims/shop/data')['spec'], { volumeName: 'pv-copy' });
    });

    it('(b.4.9) (b.5) leaves out one without a snapshot whose policy is Delete, and has its claim provisioned anew', async () => {
      const applied = await apply([volume('pv-1')]);
      assert.deepEqual([outcomes(applied), applied.createdVolumes], [{}, []]);
      const claim = object('v1 PersistentVolumeClaim', 'shop/data', { spec: { volumeName: 'pv-1', size: 1 } });
      await apply([claim], { volumeReports: [applied.report] });
      assert.deepEqual(inCluster('persistentvolumeclaims/shop/data')['spec'], { size: 1 });
    });

    it('(b.4.9) (b.5) creates it under the name that the snapshotter gave it, and has the claim follow', async () => {
      const item = await runner.stage([volume('pv-of-the-snapshotter')]);
      const applied = await apply([volume('pv-1')], {
        volumes: [{ persistentVolume: 'pv-1', item, renamedTo: 'velero-clone' }],
      });
      const { annotations } = inCluster('persistentvolumes//pv-of-the-snapshotter').metadata;
      assert.deepEqual(annotations, { 'velero.io/original-pv-name': 'pv-1' });
      const claim = object('v1 PersistentVolumeClaim', 'shop/data', { spec: { volumeName: 'pv-1' } });
      await apply([claim], { volumeReports: [applied.report] });
      assert.deepEqual(inCluster('persistentvolumeclaims/shop/data')['spec'], { volumeName: 'pv-of-the-snapshotter' });
    });

    it('(b.5) points it to its old volume where contents are not to be restored', async () => {
      await holdBackup(runner.store, 'nightly', [], { snapshots: [snapshotOf('pv-1')] });
      await apply([volume('pv-1', { memory: { volumeId: 'old' } })], { spec: { restorePVs: false } });
      assert.deepEqual((inCluster('persistentvolumes//pv-1')['spec'] as { memory?: object }).memory, {
        volumeId: 'old',
      });
    });

    it('(b.5) leaves a volume to its claim where a copy goes to another namespace without its contents', async () => {
      await holdBackup(runner.store, 'nightly', [], { snapshots: [snapshotOf('pv-1')] });
      const claimRef = { namespace: 'shop', name: 'data' };
      runner.cluster.hold(object('v1 Namespace', 'copy'), volume('pv-1', { claimRef }));
      const spec = { restorePVs: false, namespaceMapping: { shop: 'copy' } };
      const applied = await apply([volume('pv-1', { claimRef })], { spec });
      const claim = object('v1 PersistentVolumeClaim', 'shop/data', { spec: { volumeName: 'pv-1', size: 1 } });
      await apply([claim], { spec, volumeReports: [applied.report] });
      assert.deepEqual(inCluster('persistentvolumeclaims/copy/data')['spec'], { size: 1 });
    });

    it('(b.6) frees claims from what bound them, too', async () => {
      const annotations = { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' };
      const bound = (name: string, spec: object): Unstructured =>
        object('v1 PersistentVolumeClaim', name, {
          metadata: { annotations: { ...annotations, 'pv.kubernetes.io/provisioned-by': 'x' } },
          spec,
        });
      await apply([bound('shop/data', { volumeName: 'pv-1' }), bound('shop/pending', {})]);
      assert.deepEqual(inCluster('persistentvolumeclaims/shop/data').metadata.annotations, {
        'pv.kubernetes.io/provisioned-by': 'x',
      });
      assert.equal(Object.keys(inCluster('persistentvolumeclaims/shop/pending').metadata.annotations ?? {}).length, 3);
    });

    it('(b.5) reports one whose volume could not be made', async () => {
      const applied = await apply([volume('pv-1')], { failedVolumes: { 'pv-1': 'quota exceeded' } });
      assert.deepEqual(outcomes(applied), { 'persistentvolumes//pv-1': 'failed' });
      assert.match(runner.lines(applied.report, 'log')[0]!.error!, /quota exceeded/);
    });

    it('(b.6) frees one from the claim that it was bound to, and names the mapped namespace', async () => {
      const claimRef = { namespace: 'shop', name: 'data', uid: 'old', resourceVersion: '7' };
      const retained = volume('pv-1', { persistentVolumeReclaimPolicy: 'Retain', claimRef });
      await apply([retained], { spec: { namespaceMapping: { shop: 'copy' } } });
      const { spec } = inCluster('persistentvolumes//pv-1') as { spec?: { claimRef?: object } };
      assert.deepEqual(spec?.claimRef, { namespace: 'copy', name: 'data' });
    });
  });

  describe('with pods that have hooks', () => {
    const pod = (name: string, annotations: Record<string, string>): Unstructured =>
      object('v1 Pod', name, {
        metadata: {
          annotations: Object.fromEntries(
            Object.entries(annotations).map(([key, value]) => [`post.hook.restore.velero.io/${key}`, value]),
          ),
        },
        spec: { containers: [{ name: 'main' }] },
      });

    it('(b.4.16) puts those that it created into staging, without the command, and tells how many containers there are', async () => {
      runner.cluster.hold(object('v1 Namespace', 'copy'), pod('copy/there', { command: 'seed' }));
      const pods = [
        pod('shop/db', { command: 'seed', 'wait-timeout': '5m', 'wait-for-ready': 'true' }),
        pod('shop/plain', {}),
        pod('shop/there', { command: 'seed' }),
      ];
      const { hooked } = await apply(pods, { spec: { namespaceMapping: { shop: 'copy' } } });
      assert.deepEqual(
        hooked?.map(({ containers, waitMs }) => [containers, waitMs]),
        [[1, 300_000]],
      );
      assert.deepEqual(runner.staged(hooked![0]!), [
        {
          namespace: 'copy',
          name: 'db',
          from: 'shop',
          containers: [
            {
              name: 'main',
              hooks: [{ index: 0, timeoutMs: 30_000, waitTimeoutMs: 300_000, waitForReady: true, stops: false }],
            },
          ],
        },
      ]);
    });

    it('tells of hooks by container, and of no limit where one has none', async () => {
      const exec = (container: string, others = {}) => ({ exec: { container, command: ['a'], ...others } });
      const postHooks = [exec('main', { waitTimeout: '1m' }), exec('side', { onError: 'Fail' }), exec('main')];
      const created = pod('shop/db', {});
      created['spec'] = { containers: [{ name: 'main' }, { name: 'side' }] };
      const spec: RestoreSpec = { hooks: { resources: [{ postHooks }] } };
      const { hooked } = await apply([created], { spec });
      assert.deepEqual(
        hooked?.map(({ containers, waitMs }) => [containers, waitMs]),
        [[2, undefined]],
      );
      const [{ containers }] = runner.staged(hooked![0]!) as [RestoredPod];
      assert.deepEqual(
        containers.map(({ name, hooks }) => [name, hooks.map(({ index, stops }) => [index, stops])]),
        [
          [
            'main',
            [
              [0, false],
              [2, false],
            ],
          ],
          ['side', [[1, true]]],
        ],
      );
    });

    it('cuts many into files of fifty pods', async () => {
      const pods = Array.from({ length: 120 }, (_, index) => pod(`shop/p${index}`, { command: 'seed' }));
      const { hooked = [] } = await apply(pods);
      assert.deepEqual(
        hooked.map((ref) => [ref.containers, runner.staged(ref).length]),
        [
          [50, 50],
          [50, 50],
          [20, 20],
        ],
      );
      assert.equal(new Set(hooked.map(({ key }) => key)).size, 3);
    });

    it('tells of them again when it is repeated', async () => {
      const pods = [pod('shop/db', { command: 'seed' })];
      const [first, second] = [await apply(pods), await apply(pods)];
      assert.equal(first.hooked?.length, 1);
      assert.equal(second.hooked, undefined, 'another run took it for its own');
      runner.cluster.objects.get('pods/shop/db')!.metadata.labels!['velero.io/restore-uid'] = '3-run';
      assert.equal((await apply(pods)).hooked?.length, 1);
    });

    it('leaves out hooks for a container that is not there, with a warning', async () => {
      const applied = await apply([pod('shop/db', { command: 'seed', container: 'x' })]);
      assert.equal(applied.hooked, undefined);
      assert.deepEqual(runner.complaints(applied.report), [
        'warning pods/shop/db: Hook annotation is left out: the pod has no container x',
      ]);
    });
  });
});
