import { roleBindings } from '../../../src/plugins/restore-item-actions/role-bindings.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: role-bindings', () => {
  itMatchesVelero('RestoreItemAction/role-bindings.json', roleBindings);
});
