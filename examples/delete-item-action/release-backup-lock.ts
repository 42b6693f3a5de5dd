import type { DeleteItemAction } from 'bowline/plugins';

/** Who makes a lock puts this label on it, with the StatefulSet's name, beside `velero.io/backup-name`. */
const lockLabel = 'example.com/backup-lock';

/**
 * Deletes the locks that were made when a StatefulSet was backed up: ConfigMaps that keep its operator from removing what a backup
 * still refers to. Those of other backups stay, and so does a StatefulSet itself.
 */
export const releaseBackupLock: DeleteItemAction = {
  name: 'example.com/release-backup-lock',
  appliesTo: { includedResources: ['statefulsets.apps'] },

  async execute({ item, backup, kubernetes, log }) {
    const { name, namespace = '' } = item.metadata;
    const labelSelector = `${lockLabel}=${name},velero.io/backup-name=${backup.metadata.name}`;
    for (const lock of await kubernetes.list('configmaps', { namespace, labelSelector })) {
      await kubernetes.delete({ groupResource: 'configmaps', namespace, name: lock.metadata.name });
      log.info(`released ${lock.metadata.name}`);
    }
  },
};
