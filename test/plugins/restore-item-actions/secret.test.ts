import { secret } from '../../../src/plugins/restore-item-actions/secret.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: secret', () => {
  itMatchesVelero('RestoreItemAction/secret.json', secret);
});
