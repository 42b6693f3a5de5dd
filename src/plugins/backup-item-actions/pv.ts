import { backupNameLabel } from '../../api/labels.ts';
import type { BackupItemAction } from '../item-action.ts';
import { fields, removeTexts } from '../item-fields.ts';

/** Labels that an earlier restore or an action left on a claim. */
const staleLabels = ['velero.io/restore-name', 'backup.velero.io/must-include-additional-items'];

/**
 * Backs up the PersistentVolume of a bound claim, and cleans the claim of what would keep it from binding elsewhere: data
 * sources, selectors made for one volume, labels of earlier runs. Claims that are not bound pass unchanged.
 *
 * Changes: `spec.dataSource`, `spec.dataSourceRef`, `spec.selector`, `metadata.labels['velero.io/restore-name']`,
 * `metadata.labels['backup.velero.io/must-include-additional-items']`, `metadata.labels['velero.io/backup-name']`,
 * `metadata.labels['velero.io/volume-snapshot-name']`.
 * Source: Velero v1.18.1 `pkg/backup/actions/backup_pv_action.go`.
 */
export const pv: BackupItemAction = {
  name: 'velero.io/pv',
  appliesTo: { includedResources: ['persistentvolumeclaims'] },

  async execute({ item, backup }) {
    const spec = fields.object(item, 'spec') ?? {};
    const name = fields.text(spec, 'volumeName');
    const phase = fields.text(fields.object(item, 'status') ?? {}, 'phase');
    if (phase !== 'Bound' || name === '') return { updatedItem: item };

    delete spec['dataSource'];
    delete spec['dataSourceRef'];
    cleanSelector(spec);
    cleanLabels(item.metadata, backup.metadata.name);
    return { updatedItem: item, additionalItems: [{ groupResource: 'persistentvolumes', namespace: '', name }] };
  },
};

/** With a storage class the claim is provisioned by it; only without one does a selector choose the volume. */
function cleanSelector(spec: Record<string, unknown>): void {
  const selector = fields.object(spec, 'selector') ?? {};
  if (spec['storageClassName'] == null || fields.text(spec, 'storageClassName') !== '') {
    delete spec['selector'];
    return;
  }
  const matchLabels = fields.object(selector, 'matchLabels') ?? {};
  for (const key of Object.keys(matchLabels)) if (key.startsWith('velero.io/')) delete matchLabels[key];
}

function cleanLabels(metadata: object, backupName: string): void {
  const labels = fields.object(metadata, 'labels') ?? {};
  removeTexts(labels, staleLabels);
  if (labels[backupNameLabel] !== backupName) delete labels[backupNameLabel];
  delete labels['velero.io/volume-snapshot-name'];
}
