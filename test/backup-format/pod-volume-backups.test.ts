import assert from 'node:assert/strict';
import type { JsonValue } from '../../src/api/json.ts';
import { decodePodVolumeBackups } from '../../src/backup-format/pod-volume-backups.ts';

describe('decodePodVolumeBackups', () => {
  it('reads objects, whether they have a kind or not', () => {
    const metadata = { name: 'x', labels: {} };
    assert.deepEqual(decodePodVolumeBackups([{ metadata, spec: { volume: 'data' } }]), [
      { metadata, spec: { volume: 'data' }, apiVersion: 'velero.io/v1', kind: 'PodVolumeBackup' },
    ]);
  });

  it('reads null as none', () => assert.deepEqual(decodePodVolumeBackups(null), []));

  for (const value of [
    {},
    'x',
    [null],
    [{}],
    [{ metadata: null }],
    [{ metadata: { name: 1 } }],
  ] satisfies JsonValue[]) {
    it(`refuses ${JSON.stringify(value)}`, () =>
      assert.throws(() => decodePodVolumeBackups(value), { code: 'CorruptBackup' }));
  }
});
