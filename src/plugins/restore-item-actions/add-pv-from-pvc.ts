import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';

/**
 * Restores the PersistentVolume of a claim that was bound, before the claim. Reads the claim as it was in the backup, since the
 * phase is part of its status.
 *
 * Changes: nothing.
 * Source: Velero v1.6.3 `pkg/restore/add_pv_from_pvc_action.go`.
 */
export const addPvFromPvc: RestoreItemAction = {
  name: 'velero.io/add-pv-from-pvc',
  appliesTo: { includedResources: ['persistentvolumeclaims'] },

  async execute({ item, itemFromBackup }) {
    const name = fields.text(fields.object(itemFromBackup, 'spec') ?? {}, 'volumeName');
    const phase = fields.text(fields.object(itemFromBackup, 'status') ?? {}, 'phase');
    if (phase !== 'Bound' || name === '') return { updatedItem: item };
    return { updatedItem: item, additionalItems: [{ groupResource: 'persistentvolumes', namespace: '', name }] };
  },
};
