import { pod } from '../../../src/plugins/backup-item-actions/pod.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('backup item action: pod', () => {
  itMatchesVelero('BackupItemAction/pod.json', pod);
});
