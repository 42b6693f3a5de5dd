import assert from 'node:assert/strict';
import type { BackupPlan } from '../../src/activities/plan.ts';
import type { BackupRequest } from '../../src/api/backup.ts';
import type { Config } from '../../src/api/config.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { BackupItemAction } from '../../src/plugins/item-action.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

const onPods: BackupItemAction = {
  name: 'example.com/on-pods',
  appliesTo: { includedResources: ['po', 'pods'] },
  execute: async ({ item }) => ({ updatedItem: item }),
};

const id = workflow('backup/nightly');

/** What starts a backup is whatever somebody has typed. */
function requestOf(value: unknown): BackupRequest {
  return value as BackupRequest;
}

describe('prepareBackup', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner({ backupItemActions: [onPods] });
    runner.cluster.hold(object('v1 Namespace', 'shop'));
  });

  it('fills in defaults, and keeps the plan in staging', async () => {
    const prepared = await runner.run('prepareBackup', { name: 'nightly' }, id);
    const [{ backup, actions }] = runner.staged<BackupPlan>(prepared.plan) as [BackupPlan];
    assert.deepEqual(prepared.run, {
      kind: 'backup',
      name: 'nightly',
      uid: '1-run',
      location: 'default',
      staging: 'default',
    });
    assert.deepEqual(backup.spec, {
      includedNamespaces: ['*'],
      excludedNamespaceScopedResources: ['volumesnapshots.snapshot.storage.k8s.io'],
      excludedClusterScopedResources: ['volumesnapshotcontents.snapshot.storage.k8s.io'],
      metadata: {},
      hooks: {},
      ttl: '720h0m0s',
      storageLocation: 'default',
      volumeSnapshotLocations: ['disks'],
    });
    assert.deepEqual(backup.metadata.labels, { 'velero.io/storage-location': 'default' });
    assert.equal(backup.metadata.annotations?.['velero.io/source-cluster-k8s-gitversion'], 'v1.36.3');
    assert.deepEqual(prepared.timestamps, {
      startTimestamp: '2026-01-02T03:04:05Z',
      expiration: '2026-02-01T03:04:05Z',
    });
    assert.deepEqual(actions, prepared.actions);
    assert.deepEqual(prepared.actions, [{ name: onPods.name, groupResources: ['po', 'pods'] }]);
    assert.deepEqual(prepared.resources.slice(0, 3), ['pods', 'persistentvolumeclaims', 'persistentvolumes']);
    assert.deepEqual(prepared.settings, {
      batch: { items: 500, bytes: 4 * 1024 * 1024 },
      concurrency: { batches: 8, volumes: 20 },
      snapshotLimits: { disks: { inFlight: 20, perSecond: 5 } },
      itemOperationTimeoutMs: 4 * 3_600_000,
      searchAttributes: true,
    });
  });

  it('limits what is asked of providers as the configuration and the spec say', async () => {
    const limited = new ActivityRunner({
      config: {
        volumeSnapshotLocations: [
          { name: 'disks', provider: 'aws', limits: { inFlight: 3, perSecond: 0.5 } },
          { name: 'folders', provider: 'velero.io/filesystem' },
        ],
        defaultItemOperationTimeout: '30m',
      },
    });
    for (const [itemOperationTimeout, minutes] of [
      ['1h', 60],
      ['0s', 30],
      [undefined, 30],
    ] as const) {
      const { settings } = await limited.prepareBackup({ ...(itemOperationTimeout && { itemOperationTimeout }) });
      assert.equal(settings.itemOperationTimeoutMs, minutes * 60_000);
      assert.deepEqual(settings.snapshotLimits, {
        disks: { inFlight: 3, perSecond: 0.5 },
        folders: { inFlight: 20 },
      });
    }
  });

  it('chooses no snapshot location where volumes are not to be snapshotted', async () => {
    const { snapshotLocations } = await runner.prepareBackup({ snapshotVolumes: false });
    assert.deepEqual(snapshotLocations, []);
  });

  const invalid: { title: string; request: unknown; problems: RegExp[] }[] = [
    { title: 'nothing', request: null, problems: [/^input: expected \{"name".*got null$/, /^name: .*got nothing$/] },
    { title: 'a text', request: 'nightly', problems: [/^input: .*got string$/, /^name: /] },
    { title: 'a list', request: ['nightly'], problems: [/^input: .*got object$/, /^name: /] },
    {
      title: 'unknown fields',
      request: { name: 'nightly', specs: {}, spec: { includeNamespaces: ['a'] } },
      problems: [
        /^specs: unknown field; expected name and spec$/,
        /^spec\.includeNamespaces: unknown field; known are /,
      ],
    },
    {
      title: 'values of the wrong type',
      request: {
        name: 'nightly',
        spec: { includedNamespaces: 'shop', ttl: 72, snapshotVolumes: 'yes', labelSelector: ['a'], storageLocation: 5 },
      },
      problems: [
        /^spec\.includedNamespaces: expected a list, got string "shop"$/,
        /^spec\.ttl: expected a duration such as 720h0m0s, got number 72$/,
        /^spec\.snapshotVolumes: expected true or false, got string "yes"$/,
        /^spec\.labelSelector: expected an object, got a list$/,
        /^spec\.storageLocation: expected text, got number 5$/,
        /^spec\.storageLocation: no location is named 5; known are: default, vault$/,
      ],
    },
    {
      title: 'a spec that is a text',
      request: { name: 'nightly', spec: 'all' },
      problems: [/^spec: expected an object/],
    },
    {
      title: 'both selectors',
      request: { name: 'nightly', spec: { labelSelector: { matchLabels: { a: 'b' } }, orLabelSelectors: [{}] } },
      problems: [/^spec\.labelSelector and spec\.orLabelSelectors: expected at most one of the two$/],
    },
    {
      title: 'locations that there are not',
      request: { name: 'nightly', spec: { storageLocation: 'moon', volumeSnapshotLocations: ['tape'] } },
      problems: [
        /^spec\.storageLocation: no location is named moon; known are: default, vault$/,
        /^spec\.volumeSnapshotLocations: no location is named tape$/,
      ],
    },
    {
      title: 'another name than the workflow',
      request: { name: 'weekly' },
      problems: [/^workflow id: expected backup\/weekly, got backup\/nightly$/],
    },
  ];
  for (const { title, request, problems } of invalid) {
    it(`refuses ${title}, with all problems at once`, async () => {
      const failure = await runner.run('prepareBackup', requestOf(request), id).then(
        () => assert.fail('it was accepted'),
        (error: { type: string; nonRetryable: boolean; message: string; details: [string[]] }) => error,
      );
      assert.deepEqual([failure.type, failure.nonRetryable], ['InvalidSpec', true]);
      const [told] = failure.details;
      assert.equal(failure.message, told.join('; '));
      for (const problem of problems)
        assert.ok(
          told.some((one) => problem.test(one)),
          `${problem}: ${told.join('\n')}`,
        );
      assert.equal(told.length, problems.length, told.join('\n'));
      assert.deepEqual(runner.store.keys(), []);
    });
  }

  for (const name of ['', 'Nightly', 'night_ly', '-nightly', '../nightly', 'a/b', 'n'.repeat(254)]) {
    it(`refuses the name ${JSON.stringify(name.slice(0, 20))}`, async () => {
      await assert.rejects(runner.run('prepareBackup', { name }, workflow(`backup/${name}`)), {
        type: 'InvalidSpec',
        message: /^name: expected a DNS subdomain/,
      });
    });
  }

  it('expects the prefix of ids that the configuration names', async () => {
    const temporal: Config['temporal'] = { address: '', namespace: '', taskQueue: '', idPrefix: 'east/' };
    const east = new ActivityRunner({ config: { temporal } });
    await east.run('prepareBackup', { name: 'nightly' }, workflow('east/backup/nightly'));
    await assert.rejects(east.run('prepareBackup', { name: 'nightly' }, id), {
      type: 'InvalidSpec',
      message: 'workflow id: expected east/backup/nightly, got backup/nightly',
    });
  });

  it('refuses a location that is read-only', async () => {
    const request = { name: 'nightly', spec: { storageLocation: 'vault' } };
    await assert.rejects(runner.run('prepareBackup', request, id), {
      type: 'ReadOnlyLocation',
      nonRetryable: true,
      message: 'back up nightly: location vault is read-only',
    });
  });

  for (const { title, key } of [
    { title: 'of a finished backup', key: 'velero-backup.json' },
    { title: 'of which an earlier run left files', key: 'nightly.tar.gz' },
    { title: 'of a backup that is being deleted', key: 'nightly-deletion.json' },
  ]) {
    it(`refuses the name ${title}`, async () => {
      await runner.store.putObject(`backups/nightly/${key}`, Buffer.from('{}'));
      await assert.rejects(runner.run('prepareBackup', { name: 'nightly' }, id), {
        type: 'AlreadyExists',
        nonRetryable: true,
        message: new RegExp(`^back up nightly: memory://bucket/backups/nightly/${key} is `),
      });
    });
  }

  it('takes a name under which nothing but the staging of another run lies, or that another begins with', async () => {
    await runner.store.putObject('backups/nightly/staging/old-run/plan', Buffer.from('x'));
    await runner.store.putObject('backups/nightly-2/velero-backup.json', Buffer.from('x'));
    await runner.run('prepareBackup', { name: 'nightly' }, id);
  });

  describe('of a cluster out of reach', () => {
    beforeEach(() => {
      runner.cluster.discover = async () => {
        throw new BowlineError('Unavailable', 'discover /api: no answer');
      };
    });

    for (const { minutes, nonRetryable } of [
      { minutes: 9, nonRetryable: false },
      { minutes: 10, nonRetryable: true },
    ]) {
      it(`${nonRetryable ? 'gives up' : 'goes on trying'} after ${minutes} minutes`, async () => {
        const scheduledTimestampMs = runner.now.getTime() - minutes * 60_000;
        await assert.rejects(runner.run('prepareBackup', { name: 'nightly' }, { ...id, scheduledTimestampMs }), {
          type: 'Unavailable',
          nonRetryable,
        });
      });
    }
  });
});
