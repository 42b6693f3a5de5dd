import assert from 'node:assert/strict';
import type { BackupBatchItem } from '../../src/activities/backup-batch.ts';
import type { SelectedHooks } from '../../src/activities/select-hooks.ts';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

function pod(name: string, claims: string[] = [], annotations: Record<string, string> = {}): BackupBatchItem {
  const hooks = { 'pre.hook.backup.velero.io/command': 'freeze', ...annotations };
  const volumes = claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
  const item = object('v1 Pod', `shop/${name}`, {
    metadata: { annotations: hooks },
    spec: { containers: [{ name: 'main' }], volumes },
  });
  return { groupResource: 'pods', version: 'v1', item };
}

function claim(name: string, volumeName?: string): Unstructured {
  return object('v1 PersistentVolumeClaim', `shop/${name}`, { spec: { ...(volumeName && { volumeName }) } });
}

describe('selectHooks', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner();
    runner.cluster.hold(
      claim('data', 'pv-1'),
      claim('logs', 'pv-2'),
      claim('pending'),
      object('v1 PersistentVolume', 'pv-1'),
      object('v1 PersistentVolume', 'pv-2'),
    );
  });

  async function select(
    batches: BackupBatchItem[][],
    { spec = {}, volumes = true, from = 0 }: { spec?: BackupSpec; volumes?: boolean; from?: number } = {},
  ): Promise<SelectedHooks> {
    const { run, plan } = await runner.prepareBackup(spec);
    const refs = await Promise.all(batches.map((items) => runner.batch(items)));
    return runner.run('selectHooks', { run, plan, step: 'hooks-1', batches: refs, from, volumes });
  }

  /** Each block as `pods: volumes`. */
  function blocks({ blocks: found }: SelectedHooks): string[] {
    return found.map(({ pods, volumes }) => {
      const items = volumes === undefined ? [] : runner.staged<BackupBatchItem>(volumes);
      return `${pods.map(({ name }) => name).join(' ')}: ${items.map(({ item }) => item.metadata.name).join(' ')}`;
    });
  }

  it('tells of each pod where it is and what is to run, without the command', async () => {
    const annotations = {
      'pre.hook.backup.velero.io/timeout': '1m',
      'post.hook.backup.velero.io/command': 'thaw',
      'post.hook.backup.velero.io/container': 'side',
    };
    const { blocks: found } = await select([[pod('web')], [pod('db', [], annotations)]]);
    assert.deepEqual(found, [
      {
        pods: [{ namespace: 'shop', name: 'web', batch: 0, pre: [{ timeoutMs: 30_000 }], post: [] }],
      },
      {
        pods: [
          {
            namespace: 'shop',
            name: 'db',
            batch: 1,
            pre: [{ timeoutMs: 60_000 }],
            post: [{ timeoutMs: 30_000 }],
          },
        ],
      },
    ]);
  });

  it('a.5.4 puts pods that share a claim into one block, over batches, with the volumes behind the claims', async () => {
    const selected = await select([[pod('a', ['data']), pod('b', ['logs'])], [pod('c', ['data'])]]);
    assert.deepEqual(blocks(selected), ['b: pv-2', 'a c: pv-1']);
  });

  it('finds no volume for a claim that is absent, or bound to none, or to one that is gone', async () => {
    runner.cluster.hold(claim('lost', 'pv-9'));
    const selected = await select([[pod('a', ['absent']), pod('b', ['pending']), pod('c', ['lost'])]]);
    assert.deepEqual(blocks(selected), ['a: ', 'b: ', 'c: ']);
    assert.equal(selected.report.warnings, 0);
  });

  it('tells of a claim that it may not read', async () => {
    runner.cluster.fail('get', 'persistentvolumeclaims/shop/data', apiError('get', { status: 403, body: '{}' }));
    const selected = await select([[pod('a', ['data', 'logs'])]]);
    assert.deepEqual(blocks(selected), ['a: pv-2']);
    assert.deepEqual(runner.complaints(selected.report), [
      'warning persistentvolumeclaims/shop/data: Volume is not snapshotted together with the pod that mounts it',
    ]);
  });

  const selections: { title: string; spec: BackupSpec; volumes?: boolean; expected: string }[] = [
    {
      title: 'that the claims of a namespace bring along',
      spec: { includedNamespaces: ['shop'] },
      expected: 'a: pv-1',
    },
    { title: 'none where there are no snapshots', spec: {}, volumes: false, expected: 'a: ' },
    { title: 'none where volumes are left out', spec: { excludedResources: ['persistentvolumes'] }, expected: 'a: ' },
    { title: 'none where all of the cluster is left out', spec: { includeClusterResources: false }, expected: 'a: ' },
    {
      title: 'none that neither a list nor a claim brings along',
      spec: { includedNamespaces: ['shop'], excludedResources: ['persistentvolumeclaims'] },
      expected: 'a: ',
    },
    {
      title: 'that are listed though claims are left out',
      spec: { excludedResources: ['persistentvolumeclaims'] },
      expected: 'a: pv-1',
    },
  ];
  for (const { title, spec, volumes = true, expected } of selections) {
    it(`takes volumes ${title}`, async () => {
      assert.deepEqual(blocks(await select([[pod('a', ['data'])]], { spec, volumes })), [expected]);
    });
  }

  it('tells of some 500 pods a call, but of one block at least, and how many blocks there are', async () => {
    const many = Array.from({ length: 700 }, (_, index) => pod(`p${index}`));
    const first = await select([many]);
    assert.deepEqual([first.blocks.length, first.total], [500, 700]);
    const second = await select([many], { from: 500 });
    assert.deepEqual([second.blocks.length, second.blocks[0]?.pods[0]?.name], [200, 'p500']);
    const sharing = Array.from({ length: 700 }, (_, index) => pod(`p${index}`, ['data']));
    const one = await select([sharing, [pod('last')]]);
    assert.deepEqual([one.blocks.length, one.blocks[0]?.pods.length, one.total], [1, 700, 2]);
  });

  it('gives the same blocks when it is asked again', async () => {
    const batches = [[pod('a', ['data']), pod('b')], [pod('c', ['data', 'logs'])]];
    assert.deepEqual(blocks(await select(batches)), blocks(await select(batches)));
  });
});
