import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';

/**
 * Removes the token secrets that the old cluster had made for a service account: the new one makes its own.
 *
 * Differs from Velero: all of them are removed, not only the last, because any of them would point to a token of another cluster.
 * Source: Velero v1.18.1 `pkg/restore/actions/service_account_action.go`.
 */
export const serviceAccount: RestoreItemAction = {
  name: 'velero.io/service-account',
  appliesTo: { includedResources: ['serviceaccounts'] },

  async execute({ item }) {
    const tokenPrefix = `${item.metadata.name}-token-`;
    const secrets = fields.list(item, 'secrets');
    const kept = secrets.filter((secret) => secret == null || !fields.text(secret, 'name').startsWith(tokenPrefix));
    if (kept.length < secrets.length) item['secrets'] = kept;
    return { updatedItem: item };
  },
};
