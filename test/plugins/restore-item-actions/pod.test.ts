import { pod } from '../../../src/plugins/restore-item-actions/pod.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: pod', () => {
  itMatchesVelero('RestoreItemAction/pod.json', pod);
});
