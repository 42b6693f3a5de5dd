import type { RestoreItemAction } from '../item-action.ts';
import { mapSubjects } from '../subjects.ts';

/**
 * Lets a cluster role binding name its subjects in the namespaces that they are restored into.
 *
 * Changes: `subjects[*].namespace`.
 * Repeated: maps the new namespace as well, if the restore does.
 * Source: Velero v1.18.1 `pkg/restore/actions/clusterrolebinding_action.go`.
 */
export const clusterRoleBindings: RestoreItemAction = {
  name: 'velero.io/cluster-role-bindings',
  appliesTo: { includedResources: ['clusterrolebindings'] },

  async execute({ item, restore }) {
    return { updatedItem: mapSubjects(item, restore) };
  },
};
