import { addPvcFromPod } from '../../../src/plugins/restore-item-actions/add-pvc-from-pod.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: add-pvc-from-pod', () => {
  itMatchesVelero('RestoreItemAction/add-pvc-from-pod.json', addPvcFromPod);
});
