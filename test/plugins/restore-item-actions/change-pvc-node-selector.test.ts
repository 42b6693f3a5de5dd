import { changePvcNodeSelector } from '../../../src/plugins/restore-item-actions/change-pvc-node-selector.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: change-pvc-node-selector', () => {
  itMatchesVelero('RestoreItemAction/change-pvc-node-selector.json', changePvcNodeSelector);
});
