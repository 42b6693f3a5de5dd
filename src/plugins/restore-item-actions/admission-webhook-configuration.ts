import { BowlineError } from '../../api/errors.ts';
import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';
import { refuseNull } from '../refuse-null.ts';

/** The values of `sideEffects` that v1 takes. */
const accepted: readonly unknown[] = ['None', 'NoneOnDryRun'];

/**
 * Lets webhooks of old clusters be created: `admissionregistration.k8s.io/v1` takes only those whose side effects are `None` or
 * `NoneOnDryRun`, and all others become `None`. Entries that are lists
 * are dropped. Configurations of other versions pass unchanged.
 *
 * Changes: `webhooks[*]`.
 * Source: Velero v1.18.1 `pkg/restore/actions/admissionwebhook_config_action.go`.
 */
export const admissionWebhookConfiguration: RestoreItemAction = {
  name: 'velero.io/admission-webhook-configuration',
  appliesTo: { includedResources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] },

  async execute({ item }) {
    refuseNull(item, 'apiVersion');
    if (fields.text(item, 'apiVersion') !== 'admissionregistration.k8s.io/v1') return { updatedItem: item };
    refuseNull(item, 'webhooks');
    const webhooks = fields.list(item, 'webhooks').filter((webhook) => !Array.isArray(webhook));
    for (const webhook of webhooks) acceptSideEffects(webhook);
    if (item['webhooks'] !== undefined) item['webhooks'] = webhooks;
    return { updatedItem: item };
  },
};

function acceptSideEffects(webhook: unknown): void {
  if (!isObject(webhook)) {
    const got = webhook === null ? 'null' : typeof webhook;
    throw new BowlineError('InvalidItem', `field webhooks: expected objects, got ${got}`);
  }
  if (!accepted.includes(webhook['sideEffects'])) webhook['sideEffects'] = 'None';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
