import type { ResourceIdentifier, Unstructured } from '../../api/unstructured.ts';
import type { BackupItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';

/**
 * Backs up what a pod can't start without: its PriorityClass and the PersistentVolumeClaims that it mounts. Returns the pod
 * unchanged; what does not exist is the runner's to report.
 *
 * Changes: nothing.
 * Source: Velero v1.18.1 `pkg/backup/actions/pod_action.go`.
 */
export const pod: BackupItemAction = {
  name: 'velero.io/pod',
  appliesTo: { includedResources: ['pods'] },

  concerns: (item) => neededBy(item).length > 0,

  async execute({ item }) {
    return { updatedItem: item, additionalItems: neededBy(item) };
  },
};

function neededBy(item: Unstructured): ResourceIdentifier[] {
  const namespace = fields.text(item.metadata, 'namespace');
  const spec = fields.object(item, 'spec') ?? {};
  const priorityClass = fields.text(spec, 'priorityClassName');
  const claims = fields.objects(spec, 'volumes').flatMap((volume) => {
    const claim = fields.object(volume, 'persistentVolumeClaim');
    return claim ? fields.text(claim, 'claimName') || [] : [];
  });
  return [
    ...(priorityClass === ''
      ? []
      : [{ groupResource: 'priorityclasses.scheduling.k8s.io', namespace: '', name: priorityClass }]),
    ...claims.map((name) => ({ groupResource: 'persistentvolumeclaims', namespace, name })),
  ];
}
