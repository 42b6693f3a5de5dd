import { serviceAccount } from '../../../src/plugins/restore-item-actions/service-account.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: service-account', () => {
  itMatchesVelero('RestoreItemAction/service-account.json', serviceAccount, {
    'service-account-restore-009': 'all token secrets go, for each points to a token of another cluster',
  });
});
