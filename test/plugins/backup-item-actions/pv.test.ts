import { pv } from '../../../src/plugins/backup-item-actions/pv.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('backup item action: pv', () => {
  itMatchesVelero('BackupItemAction/pv.json', pv);
});
