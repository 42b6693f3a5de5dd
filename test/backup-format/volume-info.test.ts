import assert from 'node:assert/strict';
import { decodeGzipJson } from '../../src/backup-format/artifacts.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { decodeVolumeInfo, type BackupVolumeInfo } from '../../src/backup-format/volume-info.ts';
import { goldenFile } from './golden.ts';

describe('decodeVolumeInfo', () => {
  it("reads Velero's, whatever it tells", async () => {
    const bytes = goldenFile(backupLayout('shop-golden').volumeInfo);
    const [volume, ...more] = decodeVolumeInfo<BackupVolumeInfo>(await decodeGzipJson(bytes));
    assert.deepEqual(more, []);
    assert.deepEqual([volume?.pvName, volume?.backupMethod], ['shop-pv-0', 'NativeSnapshot']);
    assert.equal(volume?.pvInfo?.reclaimPolicy, 'Retain');
  });

  it('takes null for none', () => {
    assert.deepEqual(decodeVolumeInfo(null), []);
  });

  for (const value of [{}, 'text', [null], ['pv-1']]) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      assert.throws(() => decodeVolumeInfo(value), { code: 'CorruptBackup' });
    });
  }
});
