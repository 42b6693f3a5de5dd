import { serviceAccount } from '../../../src/plugins/backup-item-actions/service-account.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('backup item action: service-account', () => {
  itMatchesVelero('BackupItemAction/service-account.json', serviceAccount);
});
