import type { RestoreItemAction } from '../item-action.ts';
import { fields, removeTexts } from '../item-fields.ts';
import { addPvFromPvc } from './add-pv-from-pvc.ts';

/** Where the old cluster noted how the claim was bound and backed up. */
const staleAnnotations = [
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
  'velero.io/volume-snapshot-name',
  'velero.io/data-upload-name',
];

/**
 * Cleans a claim of what would keep it from binding anew, and restores the PersistentVolume that it was bound to, before it.
 *
 * Changes: `metadata.annotations['pv.kubernetes.io/bind-completed']`, `metadata.annotations['pv.kubernetes.io/bound-by-controller']`,
 * `metadata.annotations['volume.kubernetes.io/storage-provisioner']`,
 * `metadata.annotations['volume.beta.kubernetes.io/storage-provisioner']`, `metadata.annotations['velero.io/volume-snapshot-name']`,
 * `metadata.annotations['velero.io/data-upload-name']`.
 * Differs from Velero: the selected node is left to `velero.io/change-pvc-node-selector`, because removing it always, as 1.18
 * does, would void what that action is configured for.
 * Source: Velero v1.18.1 `pkg/restore/actions/pvc_action.go`.
 */
export const pvc: RestoreItemAction = {
  name: 'velero.io/pvc',
  appliesTo: { includedResources: ['persistentvolumeclaims'] },

  async execute(input) {
    const { metadata } = input.item;
    const annotations = fields.object(metadata, 'annotations') ?? {};
    const stale = staleAnnotations.filter((annotation) => Object.hasOwn(annotations, annotation));
    removeTexts(annotations, stale);
    if (stale.length > 0 && Object.keys(annotations).length === 0) delete metadata.annotations;
    return addPvFromPvc.execute(input);
  },
};
