import assert from 'node:assert/strict';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { Config } from '../../src/api/config.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { ActivityBackup } from '../support/activity-backup.ts';
import { object } from '../support/objects.ts';

describe('rules of a backup: how it starts and ends', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner();
    runner.cluster.hold(object('v1 Namespace', 'shop'));
  });

  const refused = (spec: BackupSpec, type: string, message: RegExp): Promise<void> =>
    assert.rejects(runner.prepareBackup(spec), { type, nonRetryable: true, message });

  it('a.1.1 defaults are filled in and recorded, with the cluster it is of', async () => {
    const { metadata } = await ActivityBackup.make(runner);
    const { labels, annotations } = (metadata as unknown as { metadata: Record<string, object> }).metadata;
    assert.deepEqual(labels, { 'velero.io/storage-location': 'default' });
    assert.deepEqual(annotations, {
      'velero.io/source-cluster-k8s-gitversion': 'v1.36.3',
      'velero.io/source-cluster-k8s-major-version': '1',
      'velero.io/source-cluster-k8s-minor-version': '36',
    });
    const { includedNamespaces, ttl, storageLocation, volumeSnapshotLocations } = metadata.spec;
    assert.deepEqual(
      [includedNamespaces, ttl, storageLocation, volumeSnapshotLocations],
      [['*'], '720h0m0s', 'default', ['disks']],
    );
    const { version, formatVersion, startTimestamp, expiration } = metadata.status;
    assert.deepEqual(
      [version, formatVersion, startTimestamp, expiration],
      [1, '1.1.0', '2026-01-02T03:04:05Z', '2026-02-01T03:04:05Z'],
    );
  });

  it('a.1.1 a time to live of nothing is the default', async () => {
    const { metadata } = await ActivityBackup.make(runner, { ttl: '0s' });
    assert.equal(metadata.spec.ttl, '720h0m0s');
  });

  const lists: readonly [string, BackupSpec, RegExp][] = [
    ['a.1.2 * beside other includes', { includedNamespaces: ['*', 'a'] }, /namespaces: "\*" must stand alone/],
    ['a.1.2 * among the excludes', { excludedResources: ['*'] }, /resources: "\*" is not allowed in the excludes/],
    [
      'a.1.2 a name that is included and excluded',
      { includedResources: ['pods'], excludedResources: ['pods'] },
      /resources: pods is both included and excluded/,
    ],
    [
      'a.9.2 the old lists of resources beside those by scope',
      { includedResources: ['pods'], includedClusterScopedResources: ['nodes'] },
      /expected either includedResources/,
    ],
    [
      'a.9.2 includeClusterResources beside the lists by scope',
      { includeClusterResources: true, excludedNamespaceScopedResources: ['pods'] },
      /expected either includedResources/,
    ],
    [
      'a.9.2 includes of a scope that is excluded as a whole',
      { includedClusterScopedResources: ['nodes'], excludedClusterScopedResources: ['*'] },
      /with "\*" excluded nothing can be included/,
    ],
    [
      'a.9.8 labelSelector beside orLabelSelectors',
      { labelSelector: {}, orLabelSelectors: [{}] },
      /at most one of the two/,
    ],
    ['a.1.3 a storage location that there is not', { storageLocation: 'moon' }, /no location is named moon/],
    ['a.1.4 a snapshot location that there is not', { volumeSnapshotLocations: ['tape'] }, /no location is named tape/],
    [
      'a.7.1 pod volume backups',
      { defaultVolumesToFsBackup: true } as BackupSpec,
      /defaultVolumesToFsBackup: not supported/,
    ],
  ];
  for (const [title, spec, message] of lists) it(`${title}: is refused`, () => refused(spec, 'InvalidSpec', message));

  it('a.1.3 a read-only storage location: is refused', () =>
    refused({ storageLocation: 'vault' }, 'ReadOnlyLocation', /location vault is read-only/));

  it('a.1.4 of each provider one snapshot location is used: the only one, or the one that is named', async () => {
    const volumeSnapshotLocations: Config['volumeSnapshotLocations'] = [
      { name: 'disks', provider: 'memory' },
      { name: 'east', provider: 'cloud' },
      { name: 'west', provider: 'cloud' },
    ];
    runner = new ActivityRunner({ config: { volumeSnapshotLocations } });
    const { snapshotLocations } = await runner.prepareBackup({ volumeSnapshotLocations: ['west'] });
    assert.deepEqual(snapshotLocations, ['disks', 'west']);
    await refused({}, 'InvalidSpec', /cloud has several locations \(east, west\); name one/);
    await refused({ volumeSnapshotLocations: ['east', 'west'] }, 'InvalidSpec', /west and east are of one provider/);
    assert.deepEqual((await runner.prepareBackup({ snapshotVolumes: false })).snapshotLocations, []);
  });

  it('a.1.5 everything that is wrong is told at once, and nothing is written', async () => {
    const spec = { ttl: 'soon', storageLocation: 'moon', excludedNamespaces: ['*'] };
    await refused(spec, 'InvalidSpec', /spec\.ttl: .*; .*"\*" is not allowed.*; .*no location is named moon/);
    assert.deepEqual(runner.store.keys(), []);
  });

  it('a.1.6 a name under which a backup lies: is refused', async () => {
    await ActivityBackup.make(runner);
    await refused({}, 'AlreadyExists', /velero-backup\.json is there/);
  });

  it('a.8.1 the record is put last, and holds what was done', async () => {
    const keys: string[] = [];
    runner.store.beforePut = (key) => void (key.includes('/staging/') || keys.push(key));
    await ActivityBackup.make(runner);
    assert.equal(keys.at(-1), 'backups/nightly/velero-backup.json');
    assert.equal(keys[0], 'backups/nightly/nightly.tar.gz');
  });
});
