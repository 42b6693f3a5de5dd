import { cloneJson, equalJson } from '../api/json.ts';
import type { Restore } from '../api/restore.ts';
import type { ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import type { ResolvedSelector } from '../selection/resource-selector.ts';
import type { BackupBatchItem, RestoreBatchItem } from './batch.ts';
import type { BackupPlan, RestorePlan } from './plan.ts';
import { resetMetadata } from './reset-metadata.ts';

/** An item of a batch, as item actions and their selectors see it. */
export interface ActionItem<Entry> {
  /** By its original namespace. */
  readonly identifier: ResourceIdentifier;
  /** What selectors are asked about. */
  readonly matched: Parameters<ResolvedSelector['matchesItem']>[0];
  /** The action's to edit. */
  readonly item: Unstructured;
  /** Its place in the batch, when an action has made `item` of it. */
  changedTo(item: Unstructured): Entry;
}

/**
 * An item on its way into a backup. Selectors see the labels that were read from the cluster, whatever an action has made of them.
 * Source: Velero `pkg/backup/item_backupper.go`.
 */
export function backupActionItem(entry: BackupBatchItem): ActionItem<BackupBatchItem> {
  const { groupResource, item } = entry;
  const { name, namespace = '' } = item.metadata;
  const labels = entry.labels ?? { ...item.metadata.labels };
  return {
    identifier: { groupResource, namespace, name },
    matched: { groupResource, namespace, labels },
    item,
    changedTo(changed) {
      const isRelabelled = !equalJson(changed.metadata.labels ?? {}, labels);
      return { ...entry, item: changed, ...(isRelabelled && { labels }) };
    },
  };
}

/**
 * An item on its way into the cluster. Selectors see the namespace that it is restored into, and the labels that it has by now.
 * Source: Velero `pkg/restore/restore.go`.
 */
export function restoreActionItem(entry: RestoreBatchItem, { spec }: Restore): ActionItem<RestoreBatchItem> {
  const { groupResource, itemFromBackup } = entry;
  const item = entry.item ?? resetMetadata(cloneJson(itemFromBackup));
  const { name, namespace = '', labels } = item.metadata;
  return {
    identifier: { groupResource, namespace, name },
    matched: { groupResource, namespace: spec.namespaceMapping?.[namespace] ?? namespace, labels },
    item,
    changedTo: (changed) => ({ groupResource, itemFromBackup, item: changed }),
  };
}

/** An item on its way in either direction. */
export function actionItem(
  entry: BackupBatchItem | RestoreBatchItem,
  plan: BackupPlan | RestorePlan,
): ActionItem<BackupBatchItem | RestoreBatchItem> {
  return 'restore' in plan
    ? restoreActionItem(entry as RestoreBatchItem, plan.restore)
    : backupActionItem(entry as BackupBatchItem);
}
