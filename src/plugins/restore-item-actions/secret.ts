import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';

/**
 * Leaves out the token secrets that the cluster makes for its service accounts, known by the name of an account in the secret's
 * original namespace. A token secret that somebody made is restored without the old token, so that the cluster fills in one of its
 * own. Other secrets pass unchanged.
 *
 * Changes: `metadata.annotations['kubernetes.io/service-account.uid']`, `data.token`, `data['ca.crt']`.
 * Source: Velero v1.18.1 `pkg/restore/actions/secret_action.go`.
 */
export const secret: RestoreItemAction = {
  name: 'velero.io/secret',
  appliesTo: { includedResources: ['secrets'] },

  async execute({ item, kubernetes }) {
    if (fields.text(item, 'type') !== 'kubernetes.io/service-account-token') return { updatedItem: item };
    const annotations = fields.object(item.metadata, 'annotations');
    const data = fields.object(item, 'data');

    const [name, namespace] = ['name', 'namespace'].map((field) => fields.text(item.metadata, field)) as [
      string,
      string,
    ];
    const accounts = await kubernetes.list('serviceaccounts', namespace === '' ? {} : { namespace });
    const isMade = accounts.some((account) => name.startsWith(`${account.metadata.name}-token-`));
    if (isMade) return { updatedItem: item, skipRestore: true };

    delete annotations?.['kubernetes.io/service-account.uid'];
    delete data?.['token'];
    delete data?.['ca.crt'];
    return { updatedItem: item };
  },
};
