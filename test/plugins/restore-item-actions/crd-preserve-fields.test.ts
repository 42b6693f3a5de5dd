import { crdPreserveFields } from '../../../src/plugins/restore-item-actions/crd-preserve-fields.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: crd-preserve-fields', () => {
  itMatchesVelero('RestoreItemAction/crd-preserve-fields.json', crdPreserveFields);
});
