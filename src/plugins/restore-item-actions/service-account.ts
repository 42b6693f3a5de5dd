import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';

/**
 * Removes the token secrets that the old cluster had made for a service account: the new one makes its own.
 *
 * Changes: `secrets[*]`.
 * Differs from Velero: all of them are removed, not only the last, because any of them would point to a token of another cluster.
 * Source: Velero v1.18.1 `pkg/restore/actions/service_account_action.go`.
 */
export const serviceAccount: RestoreItemAction = {
  name: 'velero.io/service-account',
  appliesTo: { includedResources: ['serviceaccounts'] },

  async execute({ item }) {
    const tokenPrefix = `${fields.text(item.metadata, 'name')}-token-`;
    const tokens = new Set<unknown>(
      fields.objects(item, 'secrets').filter((secret) => fields.text(secret, 'name').startsWith(tokenPrefix)),
    );
    if (tokens.size > 0) item['secrets'] = fields.list(item, 'secrets').filter((secret) => !tokens.has(secret));
    return { updatedItem: item };
  },
};
