import { apiservice } from '../../../src/plugins/restore-item-actions/apiservice.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: apiservice', () => {
  itMatchesVelero('RestoreItemAction/apiservice.json', apiservice);
});
