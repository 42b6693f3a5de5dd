import { service } from '../../../src/plugins/restore-item-actions/service.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: service', () => {
  itMatchesVelero('RestoreItemAction/service.json', service);
});
