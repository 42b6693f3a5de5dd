import type { Unstructured } from '../api/unstructured.ts';

/** Two actions that make pods wait for their volumes: with both, a pod would wait twice. */
const waits = ['velero.io/restic', 'velero.io/pod-volume-restore'] as const;

/**
 * The actions of a restore without the one of the two that does not fit the backup: `velero.io/restic` fits one whose PodVolumeBackups all
 * are restic's (`spec.uploaderType` `restic`, or absent, as before Velero 1.10); `velero.io/pod-volume-restore` any other, and one without any.
 */
export function withFittingWait<Action extends { readonly name: string }>(
  actions: readonly Action[],
  podVolumeBackups: readonly Unstructured[],
): Action[] {
  const isRestic = podVolumeBackups.length > 0 && podVolumeBackups.every(isOfRestic);
  const unfit = waits[isRestic ? 1 : 0];
  return actions.filter(({ name }) => name !== unfit);
}

function isOfRestic({ spec }: Unstructured): boolean {
  const { uploaderType } = (spec ?? {}) as { readonly uploaderType?: unknown };
  return uploaderType === undefined || uploaderType === null || uploaderType === '' || uploaderType === 'restic';
}
