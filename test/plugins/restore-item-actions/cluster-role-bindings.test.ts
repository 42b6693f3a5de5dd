import { clusterRoleBindings } from '../../../src/plugins/restore-item-actions/cluster-role-bindings.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: cluster-role-bindings', () => {
  itMatchesVelero('RestoreItemAction/cluster-role-bindings.json', clusterRoleBindings);
});
