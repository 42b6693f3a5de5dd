import { objectStoreChecks } from '../../../src/plugins/conformance/object-store.ts';
import { gcp } from '../../../src/plugins/object-stores/gcp.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { gcpBucket } from './gcp-bucket.ts';

describe('object store: gcp on fake-gcs-server', () => {
  itConforms(objectStoreChecks, async () => gcp(await gcpBucket()));
});
