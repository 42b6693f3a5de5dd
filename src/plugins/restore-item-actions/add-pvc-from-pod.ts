import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';

/**
 * Restores the claims that a pod mounts, before the pod. Every volume with a claim counts, one without a name too: the runner
 * reports that it is not in the backup.
 *
 * Changes: nothing.
 * Source: Velero v1.18.1 `pkg/restore/actions/add_pvc_from_pod_action.go`.
 */
export const addPvcFromPod: RestoreItemAction = {
  name: 'velero.io/add-pvc-from-pod',
  appliesTo: { includedResources: ['pods'] },

  async execute({ item }) {
    const namespace = fields.text(item.metadata, 'namespace');
    const volumes = fields.objects(fields.object(item, 'spec') ?? {}, 'volumes');
    const claims = volumes
      .map((volume) => fields.object(volume, 'persistentVolumeClaim'))
      .filter((claim) => claim !== undefined);
    return {
      updatedItem: item,
      additionalItems: claims.map((claim) => ({
        groupResource: 'persistentvolumeclaims',
        namespace,
        name: fields.text(claim, 'claimName'),
      })),
    };
  },
};
