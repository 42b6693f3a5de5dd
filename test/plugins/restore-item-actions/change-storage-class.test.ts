import assert from 'node:assert/strict';
import { runCase } from '../../../src/cli/item-action-case.ts';
import { changeStorageClass } from '../../../src/plugins/restore-item-actions/change-storage-class.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: change-storage-class', () => {
  itMatchesVelero('RestoreItemAction/change-storage-class.json', changeStorageClass);

  it('fails at a class that is mapped to none, and names its key', async () => {
    const labels = { 'velero.io/plugin-config': '', [changeStorageClass.name]: 'RestoreItemAction' };
    const cluster = [object('v1 ConfigMap', 'velero/classes', { metadata: { labels }, data: { slow: '' } })];
    const item = object('v1 PersistentVolumeClaim', 'shop/data', { spec: { storageClassName: 'slow' } });
    const log = { info: () => undefined, warning: () => undefined };
    const { error } = await runCase(changeStorageClass, { item, cluster }, { log });
    assert.equal(error, 'ConfigMap of velero.io/change-storage-class: key slow: expected a storage class, got no text');
  });
});
