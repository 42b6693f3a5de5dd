import type { BackupItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';

const clusterRoleBindings = 'clusterrolebindings.rbac.authorization.k8s.io';
const clusterRoles = 'clusterroles.rbac.authorization.k8s.io';

/**
 * Backs up the ClusterRoleBindings that name a service account, and the ClusterRoles these bind: a namespace's own backup would
 * leave them out. Returns the account unchanged. Nothing is added where the cluster serves no RBAC.
 *
 * Changes: nothing.
 * Source: Velero v1.18.1 `pkg/backup/actions/service_account_action.go`.
 */
export const serviceAccount: BackupItemAction = {
  name: 'velero.io/service-account',
  appliesTo: { includedResources: ['serviceaccounts'] },

  async execute({ item, kubernetes }) {
    const { name, namespace = '' } = item.metadata;
    const bindings = (await kubernetes.list(clusterRoleBindings)).filter((binding) =>
      fields
        .objects(binding, 'subjects')
        .some(
          (subject) =>
            subject['kind'] === 'ServiceAccount' && subject['namespace'] === namespace && subject['name'] === name,
        ),
    );
    const roles = new Set(bindings.map((binding) => fields.text(fields.object(binding, 'roleRef') ?? {}, 'name')));
    return {
      updatedItem: item,
      additionalItems: [
        ...bindings.map((binding) => ({
          groupResource: clusterRoleBindings,
          namespace: '',
          name: binding.metadata.name,
        })),
        ...[...roles].map((role) => ({ groupResource: clusterRoles, namespace: '', name: role })),
      ],
    };
  },
};
