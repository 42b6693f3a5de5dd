import { objectStoreChecks } from '../../../src/plugins/conformance/object-store.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { MemoryStore } from '../../support/memory-store.ts';

describe('object store: memory', () => {
  itConforms(objectStoreChecks, async () => new MemoryStore());
});
