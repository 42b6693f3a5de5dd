import type { RestoreItemAction } from '../item-action.ts';
import { mapSubjects } from '../subjects.ts';

/**
 * Lets a role binding name its subjects in the namespaces that they are restored into.
 *
 * Changes: `subjects[*].namespace`.
 * Repeated: maps the new namespace as well, if the restore does.
 * Source: Velero v1.18.1 `pkg/restore/actions/rolebinding_action.go`.
 */
export const roleBindings: RestoreItemAction = {
  name: 'velero.io/role-bindings',
  appliesTo: { includedResources: ['rolebindings'] },

  async execute({ item, restore }) {
    return { updatedItem: mapSubjects(item, restore) };
  },
};
