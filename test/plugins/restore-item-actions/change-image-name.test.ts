import { changeImageName } from '../../../src/plugins/restore-item-actions/change-image-name.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: change-image-name', () => {
  itMatchesVelero('RestoreItemAction/change-image-name.json', changeImageName);
});
