import { pvc } from '../../../src/plugins/restore-item-actions/pvc.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: pvc', () => {
  itMatchesVelero('RestoreItemAction/pvc.json', pvc);
});
