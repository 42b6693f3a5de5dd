import { addPvFromPvc } from '../../../src/plugins/restore-item-actions/add-pv-from-pvc.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: add-pv-from-pvc', () => {
  itMatchesVelero('RestoreItemAction/add-pv-from-pvc.json', addPvFromPvc);
});
