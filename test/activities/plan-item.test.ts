import assert from 'node:assert/strict';
import type { ApplyItemsInput } from '../../src/activities/apply-items.ts';
import { fieldsOf } from '../../src/activities/plan-item.ts';
import type { PlannedChange, PlanLine } from '../../src/api/planned-change.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import type { ReportRef } from '../../src/api/run.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const resources: Readonly<Record<string, string>> = {
  ConfigMap: 'configmaps',
  Namespace: 'namespaces',
  PersistentVolume: 'persistentvolumes',
  Pod: 'pods',
  ServiceAccount: 'serviceaccounts',
  Widget: 'widgets.example.com',
  Gadget: 'gadgets.example.com',
};

function configMap(name: string, colour = 'red'): Unstructured {
  return object('v1 ConfigMap', name, { data: { colour } });
}

function refusal(status: number, message: string): ReturnType<typeof apiError> {
  return apiError('create', { status, body: JSON.stringify({ message }) });
}

describe('a dry run', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    runner = new ActivityRunner();
    runner.cluster.hold(object('v1 Namespace', 'shop'), object('v1 Namespace', 'default'));
    await holdBackup(runner.store, 'nightly', []);
  });

  async function plan(
    items: readonly Unstructured[],
    { spec = {}, ...input }: Partial<ApplyItemsInput> & { readonly spec?: RestoreSpec } = {},
  ): Promise<{ changes: PlannedChange[]; report: ReportRef }> {
    const prepared = await runner.prepareRestore(spec, { dryRun: true });
    const batch = await runner.batch(
      items.map((itemFromBackup) => ({ groupResource: resources[itemFromBackup.kind]!, itemFromBackup })),
    );
    const before = new Map(runner.cluster.objects);
    const { run, plan: ref } = prepared;
    const given = { run, plan: ref, step: 'apply-1', batch, volumes: [], failedVolumes: {}, volumeReports: [] };
    const { report } = await runner.run('applyItems', { ...given, ...input });
    assert.deepEqual(runner.cluster.objects, before);
    return { changes: runner.lines(report, 'plan').map(({ change }) => change), report };
  }

  /** Each verdict as `create shop/a`, with its fields and its reason. */
  function texts(changes: readonly PlannedChange[]): string[] {
    return changes.map(({ action, namespace, name, fields, webhook, reason }) =>
      [action, [namespace, name].filter(Boolean).join('/'), fields?.join(' '), webhook, reason]
        .filter((part) => part !== undefined)
        .join(' | '),
    );
  }

  it('tells what is created, skipped, and in conflict, with the fields', async () => {
    runner.cluster.hold(configMap('shop/equal'), configMap('shop/other', 'blue'));
    const { changes, report } = await plan([configMap('shop/new'), configMap('shop/equal'), configMap('shop/other')]);
    assert.deepEqual(texts(changes), [
      'create | shop/new',
      'skip | shop/equal | it exists and is equal',
      'conflict | shop/other | data.colour | it exists and differs',
    ]);
    assert.deepEqual([report.warnings, report.errors], [1, 0]);
  });

  it('tells what is updated, with the fields, and what the server refuses of it', async () => {
    runner.cluster.hold(configMap('shop/a', 'blue'), configMap('shop/b', 'blue'));
    runner.cluster.fail('patch', 'configmaps/shop/b', refusal(422, 'field is immutable'));
    const spec: RestoreSpec = { existingResourcePolicy: 'update' };
    const { changes } = await plan([configMap('shop/a'), configMap('shop/b')], { spec });
    assert.deepEqual(texts(changes.slice(0, 1)), ['update | shop/a | data.colour']);
    assert.equal(changes[1]?.action, 'refused');
    assert.match(changes[1].reason ?? '', /field is immutable/);
  });

  it('tells of a service account that is merged', async () => {
    runner.cluster.hold(object('v1 ServiceAccount', 'shop/web'));
    const account = object('v1 ServiceAccount', 'shop/web', { secrets: [{ name: 'key' }] });
    assert.deepEqual(texts((await plan([account])).changes), ['update | shop/web | secrets']);
  });

  it('tells what is refused, and by which webhook', async () => {
    runner.cluster.fail('create', 'configmaps/shop/a', refusal(422, 'data: too long'));
    const denial = 'admission webhook "policy.example.com" denied the request: no red allowed';
    runner.cluster.fail('create', 'configmaps/shop/b', refusal(403, denial));
    const { changes, report } = await plan([configMap('shop/a'), configMap('shop/b')]);
    assert.deepEqual(
      changes.map(({ action, webhook }) => [action, webhook]),
      [
        ['refused', undefined],
        ['refused', 'policy.example.com'],
      ],
    );
    assert.match(changes[0]!.reason!, /data: too long/);
    assert.match(changes[1]!.reason!, /no red allowed/);
    assert.equal(report.errors, 2);
  });

  it('believes no refusal for lack of what is restored before, nor one of dry runs as such', async () => {
    const lacks = 'pods "web" is forbidden: error looking up service account shop/web: serviceaccount "web" not found';
    runner.cluster.fail('create', 'pods/shop/web', refusal(403, lacks));
    runner.cluster.fail('create', 'pods/shop/db', refusal(403, 'exceeded quota: few'));
    const unable = 'admission webhook "slow.example.com" does not support dry run';
    runner.cluster.fail('create', 'configmaps/shop/a', refusal(400, unable));
    const pod = (name: string): Unstructured => object('v1 Pod', name);
    const { changes } = await plan([pod('shop/web'), pod('shop/db'), configMap('shop/a')]);
    assert.deepEqual(
      changes.map(({ action }) => action),
      ['create', 'refused', 'create'],
    );
    assert.match(changes[0]!.reason!, /^not checked in full, for lack of what is restored before: /);
    assert.equal(changes[2]!.reason, 'not checked: a webhook does not support dry runs');
  });

  it('tells of namespaces: those to be created, used as they are, and waited for', async () => {
    const leaving = { metadata: { deletionTimestamp: '2026-01-02T03:04:00Z' } };
    runner.cluster.hold(object('v1 Namespace', 'leaving', leaving));
    const spaces = ['shop', 'fresh', 'leaving'].map((name) => object('v1 Namespace', name));
    assert.deepEqual(texts((await plan(spaces)).changes), [
      'skip | shop | it exists, and is used as it is',
      'create | fresh',
      'create | leaving | once the one that is terminating has gone',
    ]);
  });

  it('tries what goes into a namespace that is yet to be created in the namespace default', async () => {
    const { report } = await plan([object('v1 Namespace', 'fresh')]);
    runner.cluster.hold(configMap('default/taken', 'blue'));
    runner.cluster.fail('create', 'configmaps/default/wrong', refusal(422, 'data: too long'));
    runner.cluster.fail('create', 'configmaps/default/many', refusal(403, 'exceeded quota'));
    const denial = 'admission webhook "policy.example.com" denied the request';
    runner.cluster.fail('create', 'configmaps/default/denied', refusal(400, denial));
    const names = ['good', 'taken', 'wrong', 'many', 'denied'];
    const { changes } = await plan(
      names.map((name) => configMap(`fresh/${name}`)),
      { groundwork: [report] },
    );
    assert.deepEqual(
      changes.map(({ action, namespace, name, webhook }) => [action, namespace, name, webhook]),
      [
        ['create', 'fresh', 'good', undefined],
        ['create', 'fresh', 'taken', undefined],
        ['refused', 'fresh', 'wrong', undefined],
        ['create', 'fresh', 'many', undefined],
        ['refused', 'fresh', 'denied', 'policy.example.com'],
      ],
    );
  });

  it('does not check what the restore itself defines the kind of, and refuses what nobody does', async () => {
    const definition = object('apiextensions.k8s.io/v1 CustomResourceDefinition', 'gadgets.example.com');
    const line = {
      type: 'items',
      groupResource: 'customresourcedefinitions.apiextensions.k8s.io',
      groupVersionKind: 'apiextensions.k8s.io/v1/CustomResourceDefinition',
      namespace: '',
      names: [definition.metadata.name],
      action: 'created',
    };
    const gadget = object('example.com/v1 Gadget', 'shop/g');
    const defined = await plan([gadget], { groundwork: [await runner.report([line])] });
    assert.deepEqual(texts(defined.changes), ['create | shop/g | not checked: its kind is defined by the restore']);
    const [undefinedKind] = (await plan([gadget])).changes;
    assert.equal(undefinedKind?.action, 'refused');
    assert.match(undefinedKind.reason!, /the cluster does not serve this kind/);
  });

  it('tells of volumes: renamed, left out, and those that could not be made', async () => {
    const volume = (name: string, persistentVolumeReclaimPolicy: string): Unstructured =>
      object('v1 PersistentVolume', name, { spec: { persistentVolumeReclaimPolicy } });
    const { changes } = await plan([volume('pv-1', 'Retain'), volume('pv-2', 'Delete'), volume('pv-3', 'Retain')], {
      volumes: [{ persistentVolume: 'pv-1', renamedTo: 'velero-clone-1' }],
      failedVolumes: { 'pv-3': 'the backup tried to take a snapshot, and failed' },
    });
    assert.deepEqual(
      changes.map(({ action, name }) => `${action} ${name}`),
      ['create velero-clone-1', 'skip pv-2', 'refused pv-3'],
    );
  });

  it('tells of what is never restored, and of what item actions stop or fail on', async () => {
    const stops = { name: 'example.com/stops', appliesTo: { includedResources: ['configmaps'] } };
    const fails = { name: 'example.com/fails', appliesTo: { includedResources: ['secrets'] } };
    runner = new ActivityRunner({
      restoreItemActions: [
        { ...stops, execute: async ({ item }) => ({ updatedItem: item, skipRestore: true }) },
        {
          ...fails,
          async execute() {
            throw new Error('it has no shape');
          },
        },
      ],
    });
    await holdBackup(runner.store, 'nightly', [
      { groupResource: 'pods', item: object('v1 Pod', 'shop/done', { status: { phase: 'Failed' } }) },
    ]);
    const { run, plan: ref } = await runner.prepareRestore({}, { dryRun: true });
    const unpacked = await runner.run('unpackBackup', {
      run,
      plan: ref,
      step: 'unpack-0',
      batch: { items: 500, bytes: 4_000_000 },
      staged: 0,
    });
    const batch = await runner.batch([
      { groupResource: 'configmaps', itemFromBackup: configMap('shop/a') },
      { groupResource: 'secrets', itemFromBackup: object('v1 Secret', 'shop/b') },
    ]);
    const reports = [unpacked.report];
    for (const { name: action } of [stops, fails]) {
      const input = { run, plan: ref, step: action.slice(-5), action, batch };
      reports.push((await runner.run('executeRestoreItemAction', input)).report);
    }
    const file = await runner.run('collectPlan', { run, plan: ref, step: 'changes', reports });
    const changes = runner.staged<PlanLine>(file).flatMap((line) => ('change' in line ? line.change : []));
    assert.deepEqual(texts(changes), [
      'skip | shop/done | the pod has ended (Failed)',
      'skip | shop/a | example.com/stops says so',
      'refused | shop/b | example.com/fails: it has no shape',
    ]);
  });

  it('is joined into one file, with what else there is to tell', async () => {
    const { run, plan: ref } = await runner.prepareRestore({}, { dryRun: true });
    const item = { groupResource: 'pods', namespace: 'shop', name: 'web' };
    const line = { type: 'log', time: '', item };
    const told = [
      { ...line, level: 'info', message: 'not told' },
      { ...line, level: 'warning', message: 'told', error: 'as it was said' },
    ];
    const reports = [await runner.report(told, { warnings: 1 })];
    const file = await runner.run('collectPlan', { run, plan: ref, step: 'changes', reports });
    assert.deepEqual(runner.staged<PlanLine>(file), [
      { complaint: { level: 'warning', message: 'told', item, error: 'as it was said' } },
    ]);
    assert.ok(file.key.startsWith('restores/again/staging/'));
  });
});

describe('fieldsOf', () => {
  it('names the leaves of a merge patch, and not more than anybody reads', () => {
    const patch = { spec: { replicas: 3, template: { metadata: { labels: { 'a.b/c': 'd' } } } }, data: {}, gone: null };
    assert.deepEqual(fieldsOf(patch), ['spec.replicas', 'spec.template.metadata.labels.[a.b/c]', 'data', 'gone']);
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`field${index}`, index]));
    assert.deepEqual(fieldsOf(many).slice(19), ['field19', 'and 5 more']);
  });
});
