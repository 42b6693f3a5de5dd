import assert from 'node:assert/strict';
import { decodeGzipJson } from '../../src/backup-format/artifacts.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { decodeVolumeInfo } from '../../src/backup-format/volume-info.ts';
import { goldenFile } from './golden.ts';

describe('decodeVolumeInfo', () => {
  it("reads what a restore asks of Velero's", async () => {
    const bytes = goldenFile(backupLayout('shop-golden').volumeInfo);
    assert.deepEqual(decodeVolumeInfo(await decodeGzipJson(bytes)), [
      {
        pvName: 'shop-pv-0',
        pvcName: 'data-db-0',
        pvcNamespace: 'shop',
        backupMethod: 'NativeSnapshot',
        pvInfo: { reclaimPolicy: 'Retain', labels: { 'topology.kubernetes.io/zone': 'us-east-1a' } },
      },
    ]);
  });

  it('takes null for none, and a volume that was left out without a method', () => {
    assert.deepEqual(decodeVolumeInfo(null), []);
    assert.deepEqual(decodeVolumeInfo([{ pvName: 'pv-1', skipped: true, pvInfo: null }]), [{ pvName: 'pv-1' }]);
  });

  for (const value of [{}, 'text', [null], ['pv-1']]) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      assert.throws(() => decodeVolumeInfo(value), { code: 'CorruptBackup' });
    });
  }
});
