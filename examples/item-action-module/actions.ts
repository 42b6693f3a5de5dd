import type { BackupItemAction, RestoreItemAction } from 'bowline/plugins';

/** Backs up the ConfigMap that a pod says it needs, though nothing in its spec names it. */
const neededConfigMap: BackupItemAction = {
  name: 'example.com/needed-configmap',
  appliesTo: { includedResources: ['pods'] },

  async execute({ item }) {
    const { namespace = '', annotations } = item.metadata;
    const name = annotations?.['example.com/needs-configmap'];
    const additionalItems = name === undefined ? [] : [{ groupResource: 'configmaps', namespace, name }];
    return { updatedItem: item, additionalItems };
  },
};

/** Leaves Services of one cloud's own load balancer out of restores, and says on all others where they came from. */
const services: RestoreItemAction = {
  name: 'example.com/services',
  appliesTo: { includedResources: ['services'], labelSelector: 'example.com/keep!=true' },

  async execute({ item, restore, log }) {
    if (item.metadata.annotations?.['example.com/cloud-only'] !== undefined) {
      log.info('it belongs to the old cloud');
      return { updatedItem: item, skipRestore: true };
    }
    item.metadata.annotations = {
      ...item.metadata.annotations,
      'example.com/restored-from': restore.spec.backupName ?? '',
    };
    return { updatedItem: item };
  },
};

/** What Bowline takes from this module. */
export const backupItemActions: readonly BackupItemAction[] = [neededConfigMap];
/** What Bowline takes from this module. */
export const restoreItemActions: readonly RestoreItemAction[] = [services];
