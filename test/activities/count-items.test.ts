import assert from 'node:assert/strict';
import type { BackupSpec } from '../../src/api/backup.ts';
import { BowlineError } from '../../src/api/errors.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

describe('countItems', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner();
    for (const namespace of ['shop', 'depot'])
      for (const name of ['a', 'b', 'c']) runner.cluster.hold(object('v1 ConfigMap', `${namespace}/${name}`));
    runner.cluster.hold(object('v1 Secret', 'shop/key'), object('v1 Namespace', 'shop'));
  });

  async function count(spec: BackupSpec): Promise<number> {
    const { run, plan } = await runner.prepareBackup({ snapshotVolumes: false, ...spec });
    return runner.run('countItems', { run, plan });
  }

  const table: readonly { readonly title: string; readonly spec: BackupSpec; readonly expected: number }[] = [
    { title: 'all items of the cluster', spec: {}, expected: 8 },
    { title: 'those of the wanted resources', spec: { includedResources: ['configmaps'] }, expected: 6 },
    {
      title: 'those of namespaces that are listed one by one',
      spec: { includedNamespaces: ['shop'], includedResources: ['configmaps', 'secrets'] },
      expected: 4,
    },
    {
      title: 'none where namespaces are chosen from a list of the whole cluster',
      spec: { excludedNamespaces: ['depot'], includedResources: ['configmaps'] },
      expected: 0,
    },
  ];
  for (const { title, spec, expected } of table) {
    it(`counts ${title}, from pages of one item`, async () => {
      assert.equal(await count(spec), expected);
    });
  }

  it('counts nothing for a list that fails', async () => {
    runner.cluster.fail(
      'list',
      'configmaps',
      new BowlineError('AccessDenied', 'list configmaps: 403', { status: 403 }),
    );
    assert.equal(await count({ includedResources: ['configmaps', 'secrets'] }), 1);
  });
});
