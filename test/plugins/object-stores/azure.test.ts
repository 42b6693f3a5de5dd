import { objectStoreChecks } from '../../../src/plugins/conformance/object-store.ts';
import { azure } from '../../../src/plugins/object-stores/azure.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { azureContainer } from './azure-container.ts';

describe('object store: azure on Azurite', () => {
  itConforms(objectStoreChecks, async () => azure(await azureContainer()));
});
