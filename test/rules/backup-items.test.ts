import assert from 'node:assert/strict';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { ObjectMeta } from '../../src/api/unstructured.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';
import type { BackupItemAction, BackupItemActionOutput } from '../../src/plugins/item-action.ts';
import { entriesByGnuTar } from '../backup-format/other-readers.ts';
import { ActivityBackup } from '../support/activity-backup.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

const excludedLabel = { metadata: { labels: { 'velero.io/exclude-from-backup': 'true' } } };
const secret = (name: string) => ({ groupResource: 'secrets', namespace: 'shop', name });
const layout = backupLayout('nightly');

/** Does to each pod what its annotation `do` says. */
const onPods: BackupItemAction = {
  name: 'example.com/on-pods',
  appliesTo: { includedResources: ['pods'] },
  async execute({ item }): Promise<BackupItemActionOutput> {
    const annotations = (item.metadata.annotations ??= {});
    switch (annotations['do']) {
      case 'fail':
        throw new Error('it does not like the pod');
      case 'skip':
        annotations['velero.io/skip-from-backup'] = '';
        break;
      case 'insist':
        annotations['backup.velero.io/must-include-additional-items'] = 'true';
        break;
    }
    return { updatedItem: item, additionalItems: [secret('asked-for'), secret('asked-for'), secret('none')] };
  },
};

const second: BackupItemAction = {
  name: 'example.com/then',
  appliesTo: { includedResources: ['pods'] },
  async execute({ item }) {
    item.metadata.labels = { ...item.metadata.labels, after: item.metadata.annotations?.['do'] ?? 'nothing' };
    return { updatedItem: item };
  },
};

describe('rules of a backup: each item', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner({ backupItemActions: [onPods, second] });
    runner.cluster.hold(
      object('v1 Namespace', 'shop'),
      object('v1 Secret', 'shop/asked-for'),
      object('v1 PersistentVolume', 'pv-1'),
    );
  });

  function pod(name: string, metadata: Partial<ObjectMeta> = {}): string {
    runner.cluster.hold(object('v1 Pod', `shop/${name}`, { metadata }));
    return `pods/shop/${name}`;
  }

  const toDo = (what: string): Partial<ObjectMeta> => ({ annotations: { do: what } });
  const onlyPods: BackupSpec = { includedResources: ['pods'] };
  const podsAndSecrets: BackupSpec = {
    includedResources: ['pods', 'secrets'],
    labelSelector: { matchLabels: { a: 'b' } },
  };

  async function keysWith(spec: BackupSpec): Promise<readonly string[]> {
    return (await ActivityBackup.make(runner, spec)).keys();
  }

  it('a.4.1 an item whose label excludes it is left out, and the log says so', async () => {
    pod('web', excludedLabel.metadata);
    const backup = await ActivityBackup.make(runner, onlyPods);
    assert.deepEqual(await backup.keys(), []);
    assert.match(
      backup.log().join('\n'),
      /level=info msg="Excluding item: it bears the label velero.io\/exclude-from-backup=true" backup=velero\/nightly name=web namespace=shop resource=pods/,
    );
  });

  it('a.4.2 an additional item of an excluded namespace is left out', async () => {
    runner.cluster.hold(object('v1 Namespace', 'bank'), object('v1 Pod', 'bank/till'));
    assert.deepEqual(await keysWith({ includedNamespaces: ['bank'], includedResources: ['pods', 'secrets'] }), [
      'pods/bank/till',
    ]);
  });

  it('a.4.4 an additional item of an excluded resource is left out', async () => {
    assert.deepEqual(await keysWith(onlyPods), []);
    assert.deepEqual(await keysWith({ includedResources: ['pods'] }), []);
  });

  it('a.4.5 an item that is being deleted is left out', async () => {
    pod('web', { deletionTimestamp: '2026-01-01T00:00:00Z' });
    assert.deepEqual(await keysWith(onlyPods), []);
  });

  it('a.4.1 all of this holds for what actions ask for, too', async () => {
    pod('web', { labels: { a: 'b' } });
    runner.cluster.hold(object('v1 Secret', 'shop/asked-for', excludedLabel));
    assert.deepEqual(await keysWith(podsAndSecrets), ['pods/shop/web']);
  });

  it('a.4.6 an item is in the backup once, however many ask for it', async () => {
    pod('web');
    pod('db');
    const keys = await keysWith({ includedNamespaces: ['shop'] });
    assert.deepEqual(keys.toSorted(), ['namespaces//shop', 'pods/shop/db', 'pods/shop/web', 'secrets/shop/asked-for']);
  });

  it('a.4.9 actions run in order, each on what the one before made, and what they ask for needs no label', async () => {
    pod('web', { labels: { a: 'b' } });
    const backup = await ActivityBackup.make(runner, podsAndSecrets);
    const items = new Map((await backup.items()).map(({ key, item }) => [key, item]));
    assert.deepEqual([...items.keys()], ['pods/shop/web', 'secrets/shop/asked-for']);
    assert.deepEqual(items.get('pods/shop/web')?.metadata.labels, { a: 'b', after: 'nothing' });
  });

  it('a.4.9 what an action asks for and nobody finds is a warning', async () => {
    pod('web');
    const { complaints } = await ActivityBackup.make(runner, { includedResources: ['pods', 'secrets'] });
    assert.deepEqual(complaints, ['warning: secrets/shop/none: Additional item was not found in the cluster']);
  });

  it('a.4.12 an item at which an action fails is left out, though the resource list has it, and the others go on', async () => {
    pod('bad', toDo('fail'));
    pod('good');
    const backup = await ActivityBackup.make(runner, { includedResources: ['pods'] });
    assert.deepEqual(await backup.keys(), ['pods/shop/good']);
    assert.deepEqual(backup.json('resourceList'), { 'v1/Pod': ['shop/bad', 'shop/good'] });
    assert.deepEqual(backup.json<{ errors: unknown }>('results').errors, {
      namespaces: {
        shop: [
          ' resource: /pods name: /bad message: /Error executing item action example.com/on-pods error: /it does not like the pod',
        ],
      },
    });
  });

  it('a.4.14 mirror pods are backed up', async () => {
    pod('etcd', { annotations: { 'kubernetes.io/config.mirror': 'hash' } });
    assert.deepEqual(await keysWith(onlyPods), ['pods/shop/etcd']);
  });

  it('a.9.9 an action may insist on what the filters leave out, and its annotation stays out of the backup', async () => {
    pod('web', toDo('insist'));
    runner.cluster.hold(object('v1 Secret', 'shop/asked-for', excludedLabel));
    const backup = await ActivityBackup.make(runner, onlyPods);
    assert.deepEqual(await backup.keys(), ['pods/shop/web', 'secrets/shop/asked-for']);
    const [{ item } = assert.fail()] = await backup.items();
    assert.deepEqual(item.metadata.annotations, { do: 'insist' });
  });

  it('a.9.9 even then an item that is being deleted is left out', async () => {
    pod('web', toDo('insist'));
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    runner.cluster.hold(object('v1 Secret', 'shop/asked-for', { metadata }));
    assert.deepEqual(await keysWith(onlyPods), ['pods/shop/web']);
  });

  it('a.9.9 an action may leave an item out, and what it asked for with it', async () => {
    pod('web', toDo('skip'));
    const backup = await ActivityBackup.make(runner, { includedResources: ['pods', 'secrets'], labelSelector: {} });
    assert.deepEqual(await backup.keys(), ['secrets/shop/asked-for']);
    assert.match(backup.log().join('\n'), /Excluding item: example.com\/on-pods marks it/);
  });

  describe('that belongs to the cluster and that an action asks for', () => {
    beforeEach(() => {
      const action: BackupItemAction = {
        name: 'example.com/volume',
        appliesTo: { includedResources: ['persistentvolumeclaims'] },
        execute: async ({ item }) => ({
          updatedItem: item,
          additionalItems: [{ groupResource: 'persistentvolumes', namespace: '', name: 'pv-1' }],
        }),
      };
      runner = new ActivityRunner({ backupItemActions: [action] });
      runner.cluster.hold(
        object('v1 Namespace', 'shop'),
        object('v1 PersistentVolumeClaim', 'shop/data'),
        object('v1 PersistentVolume', 'pv-1'),
      );
    });

    const claims = ['persistentvolumeclaims'];
    const cases: readonly [string, BackupSpec, boolean][] = [
      ['a.4.3 comes with some namespaces', { includedNamespaces: ['shop'] }, true],
      ['a.4.3 does not come if cluster-scoped resources are excluded', { includeClusterResources: false }, false],
      [
        'a.9.9 comes if cluster-scoped resources are included',
        { includedResources: claims, includeClusterResources: true },
        true,
      ],
      ['a.9.9 does not come if the resources are listed without it', { includedResources: claims }, false],
      ['a.9.9 comes if no list of its scope excludes it', { includedNamespaceScopedResources: claims }, true],
      [
        'a.9.9 comes though a list of its scope does not include it',
        { includedNamespaceScopedResources: claims, includedClusterScopedResources: ['nodes'] },
        true,
      ],
      [
        'a.9.9 does not come if a list of its scope excludes it',
        { excludedClusterScopedResources: ['pv', 'persistentvolumes'] },
        false,
      ],
    ];
    for (const [title, spec, comes] of cases) {
      it(title, async () => assert.equal((await keysWith(spec)).includes('persistentvolumes//pv-1'), comes));
    }
  });

  it('a.4.13 each item lies under both its paths, after the version, with mode 0755, as GNU tar reads it', async () => {
    pod('web');
    const backup = await ActivityBackup.make(runner, { includedResources: ['pods', 'persistentvolumes'] });
    assert.deepEqual(entriesByGnuTar(backup.file(layout.contents)), [
      { mode: '-rwxr-xr-x', name: 'metadata/version' },
      { mode: '-rwxr-xr-x', name: 'resources/pods/namespaces/shop/web.json' },
      { mode: '-rwxr-xr-x', name: 'resources/pods/v1-preferredversion/namespaces/shop/web.json' },
      { mode: '-rwxr-xr-x', name: 'resources/persistentvolumes/cluster/pv-1.json' },
      { mode: '-rwxr-xr-x', name: 'resources/persistentvolumes/v1-preferredversion/cluster/pv-1.json' },
    ]);
  });

  it('a.8.3 warnings and errors are filed by namespace, under cluster, or under velero', async () => {
    pod('web', toDo('fail'));
    runner.cluster.fail('list', 'nodes', apiError('list nodes', { status: 403, body: '{"message":"no rights"}' }));
    const spec = { includedNamespaces: ['shop', 'gone'], includeClusterResources: true };
    const backup = await ActivityBackup.make(runner, spec);
    assert.deepEqual(backup.json('results'), {
      errors: {
        cluster: [' resource: /nodes message: /Error listing items error: /list nodes: 403 AccessDenied: no rights'],
        namespaces: {
          shop: [
            ' resource: /pods name: /web message: /Error executing item action example.com/on-pods error: /it does not like the pod',
          ],
        },
      },
      warnings: { velero: [' message: /Namespace gone is included, but there is none of that name'] },
    });
  });

  it('a.8.3 the log has a line for every item, with its type, namespace and name', async () => {
    pod('web');
    const lines = (await ActivityBackup.make(runner, { includedNamespaces: ['shop'] })).log();
    const ofItems = lines.filter((line) => line.includes('msg="Backing up item"'));
    assert.deepEqual(ofItems.toSorted(), [
      'time="2026-01-02T03:04:05Z" level=info msg="Backing up item" backup=velero/nightly name=asked-for namespace=shop resource=secrets',
      'time="2026-01-02T03:04:05Z" level=info msg="Backing up item" backup=velero/nightly name=shop namespace= resource=namespaces',
      'time="2026-01-02T03:04:05Z" level=info msg="Backing up item" backup=velero/nightly name=web namespace=shop resource=pods',
    ]);
    assert.equal(lines.at(-1)?.includes('msg="Backup completed: Completed"'), true);
  });
});
