import { admissionWebhookConfiguration } from '../../../src/plugins/restore-item-actions/admission-webhook-configuration.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

describe('restore item action: admission-webhook-configuration', () => {
  itMatchesVelero('RestoreItemAction/admission-webhook-configuration.json', admissionWebhookConfiguration);
});
