import { changeStorageClass } from '../../../src/plugins/restore-item-actions/change-storage-class.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: change-storage-class', () => {
  itMatchesVelero('RestoreItemAction/change-storage-class.json', changeStorageClass);
});
