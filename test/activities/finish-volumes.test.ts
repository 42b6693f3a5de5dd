import assert from 'node:assert/strict';
import type { ReportRef } from '../../src/api/run.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const info = {
  pvName: 'pv-1',
  pvcName: 'data',
  pvcNamespace: 'shop',
  backupMethod: 'PodVolumeBackup',
  pvInfo: { reclaimPolicy: 'Retain', labels: { tier: 'gold' } },
};

describe('volumes that are provisioned anew', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', [], { files: { volumeInfo: [info] } });
  });

  function holdClaim(phase = 'Bound', spec: object = { volumeName: 'pv-new' }): void {
    runner.cluster.hold(object('v1 PersistentVolumeClaim', 'copy/data', { spec, status: { phase } }));
  }

  function holdVolume(claimRef: object = { namespace: 'copy', name: 'data' }, phase = 'Bound'): void {
    runner.cluster.hold(
      object('v1 PersistentVolume', 'pv-new', {
        metadata: { labels: { zone: 'a' } },
        spec: { claimRef, persistentVolumeReclaimPolicy: 'Delete' },
        status: { phase },
      }),
    );
  }

  async function finish(waitedMinutes = 0, action = 'created'): Promise<ReportRef> {
    const { run, plan } = await runner.prepareRestore({ namespaceMapping: { shop: 'copy' } });
    const items = {
      type: 'items',
      groupResource: 'persistentvolumeclaims',
      groupVersionKind: 'v1/PersistentVolumeClaim',
    };
    const report = await runner.report([{ ...items, namespace: 'copy', names: ['data'], action }]);
    const scheduledTimestampMs = runner.now.getTime() - waitedMinutes * 60_000;
    return runner.run(
      'finishVolumes',
      { run, plan, step: 'finish-1', claimReports: [report] },
      { scheduledTimestampMs },
    );
  }

  const volume = () => runner.cluster.objects.get('persistentvolumes//pv-new')!;

  for (const backupMethod of ['PodVolumeBackup', 'CSISnapshot']) {
    it(`(b.8) get the labels and the reclaim policy of the backup: ${backupMethod}`, async () => {
      await holdBackup(runner.store, 'nightly', [], { files: { volumeInfo: [{ ...info, backupMethod }] } });
      holdClaim();
      holdVolume();
      for (let attempt = 1; attempt <= 2; attempt++) assert.equal((await finish()).errors, 0);
      assert.deepEqual(volume().metadata.labels, { zone: 'a', tier: 'gold' });
      const { persistentVolumeReclaimPolicy } = volume()['spec'] as { persistentVolumeReclaimPolicy?: string };
      assert.equal(persistentVolumeReclaimPolicy, 'Retain');
      assert.equal(runner.cluster.requests.filter((request) => request.startsWith('patch')).length, 1);
    });
  }

  it('(b.8) are told of before the restore begins, so that it asks for nothing without need', async () => {
    assert.equal((await runner.prepareRestore()).finishesVolumes, true);
    for (const volumeInfo of [[], [{ ...info, backupMethod: 'NativeSnapshot' }], [{ ...info, pvInfo: undefined }]]) {
      await holdBackup(runner.store, 'nightly', [], { files: { volumeInfo } });
      assert.equal((await runner.prepareRestore()).finishesVolumes, undefined);
    }
  });

  it('(b.8) are left alone if their claim existed before', async () => {
    holdClaim();
    holdVolume();
    await finish(0, 'skipped');
    assert.deepEqual(volume().metadata.labels, { zone: 'a' });
  });

  const unbound: readonly [title: string, hold: () => void][] = [
    ['whose claim is not there', () => undefined],
    ['whose claim is pending', () => holdClaim('Pending', {})],
    ['that are not there yet', () => holdClaim()],
    [
      'that are not bound yet',
      () => {
        holdClaim();
        holdVolume({ namespace: 'copy', name: 'data' }, 'Available');
      },
    ],
  ];
  for (const [title, hold] of unbound) {
    it(`(b.8) ${title} are waited for, and become errors after ten minutes`, async () => {
      hold();
      await assert.rejects(finish(9), { type: 'Pending', nonRetryable: false, message: /1 claims are not bound yet/ });
      assert.deepEqual(runner.complaints(await finish(10)), [
        'error persistentvolumeclaims/copy/data: Claim was not bound in time to finish its volume',
      ]);
    });
  }

  it('(b.8) are passed over while they wait for their first pod', async () => {
    runner.cluster.hold(
      object('storage.k8s.io/v1 StorageClass', 'lazy', { volumeBindingMode: 'WaitForFirstConsumer' }),
    );
    holdClaim('Pending', { storageClassName: 'lazy' });
    const { warnings, errors } = await finish();
    assert.deepEqual([warnings, errors], [0, 0]);
  });

  it('(b.8) are an error if they are bound to another claim, or refuse the patch', async () => {
    holdClaim();
    holdVolume({ namespace: 'bank', name: 'data' });
    assert.deepEqual(runner.complaints(await finish()), [
      'error persistentvolumeclaims/copy/data: Its volume pv-new is bound to bank/data',
    ]);
    holdVolume();
    runner.cluster.fail('patch', 'persistentvolumes', apiError('patch', { status: 422, body: '' }));
    assert.deepEqual(runner.complaints(await finish()), [
      'error persistentvolumeclaims/copy/data: Error finishing the volume of a claim',
    ]);
  });
});
