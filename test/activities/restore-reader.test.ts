import assert from 'node:assert/strict';
import { restoreReader } from '../../src/activities/restore-reader.ts';
import { caseReader } from '../../src/cli/case-cluster.ts';
import { object } from '../support/objects.ts';

const podVolumeBackups = 'podvolumebackups.velero.io';
const labelSelector = 'velero.io/backup-name=nightly';

function podVolumeBackup(name: string, backup = 'nightly') {
  return object('velero.io/v1 PodVolumeBackup', name, { metadata: { labels: { 'velero.io/backup-name': backup } } });
}

describe('restoreReader', () => {
  const [inCluster, inBackup] = [podVolumeBackup('velero/here'), podVolumeBackup('elsewhere/there')];

  it("gives the cluster's own where it has some", async () => {
    const reader = restoreReader(caseReader({ cluster: [inCluster] }), [inBackup]);
    assert.deepEqual(await reader.list(podVolumeBackups, { namespace: 'velero', labelSelector }), [inCluster]);
  });

  it('gives those of the backup where the cluster has none that match, or does not serve them', async () => {
    const other = podVolumeBackup('velero/other', 'weekly');
    for (const cluster of [caseReader({ cluster: [other] }), caseReader({ apiGroups: [] })]) {
      const reader = restoreReader(cluster, [inBackup, other]);
      assert.deepEqual(await reader.list(podVolumeBackups, { namespace: 'velero', labelSelector }), [inBackup]);
    }
  });

  it('gives nothing of the backup for anything else', async () => {
    const reader = restoreReader(caseReader({ cluster: [inCluster] }), [inBackup]);
    assert.deepEqual(await reader.list('pods'), []);
    assert.equal(await reader.serves('pods'), true);
    await assert.rejects(reader.get({ groupResource: podVolumeBackups, namespace: 'elsewhere', name: 'there' }), {
      code: 'NotFound',
    });
  });
});
