import type { Backup } from '../api/backup.ts';
import type { ResourceSelector } from '../api/resource-selector.ts';
import type { Restore } from '../api/restore.ts';
import type { ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import type { KubernetesReader } from '../kubernetes/reader.ts';
import type { KubernetesWriter } from '../kubernetes/writer.ts';

/** Lines for the run's own log file, about the item at hand; a deletion leaves no file, so its lines are in the worker's log. */
export interface ItemLog {
  info(message: string): void;
  warning(message: string): void;
}

/**
 * Changes items, or names others that must come along, when they are backed up. A constant without state that knows
 * nothing of Temporal. `execute` may edit `item` in place; it must not drop fields it does not understand, nor change the order of
 * members; it passes items that have nothing but `apiVersion`, `kind` and `metadata`, and may be run again on the same item with
 * the same outcome. What it throws is the item's error: the item is left out and reported; faults of the server as a whole (no
 * HTTP status) repeat the batch. `conformance/item-action.ts` is this contract as code. Source: Velero v1.6.3 `pkg/plugin/velero/backup_item_action.go`.
 */
export interface BackupItemAction {
  /** With a prefix, such as `velero.io/pod`; runs in the order of names. */
  readonly name: string;
  readonly appliesTo: ResourceSelector;
  /**
   * Whether `execute` may change the item, ask for others, fail or have something to say, as far as the item itself tells. An item that no
   * action wants goes into the archive at once. What it throws counts as yes. Default: it may.
   */
  concerns?(item: Unstructured): boolean;
  execute(input: BackupItemActionInput): Promise<BackupItemActionOutput>;
}

/** What an action gets. `item` is a copy of the action's own, to be edited in place or not. */
export interface BackupItemActionInput {
  readonly item: Unstructured;
  readonly backup: Backup;
  readonly kubernetes: KubernetesReader;
  readonly log: ItemLog;
}

/** What an action gives back. */
export interface BackupItemActionOutput {
  readonly updatedItem: Unstructured;
  /** Fetched from the cluster and backed up as well. Default none. */
  readonly additionalItems?: readonly ResourceIdentifier[];
}

/**
 * Changes items, names others that must come first, or stops an item, when they are restored. The rules of
 * `BackupItemAction` hold. Source: Velero v1.6.3 `pkg/plugin/velero/restore_item_action.go`.
 */
export interface RestoreItemAction {
  readonly name: string;
  readonly appliesTo: ResourceSelector;
  execute(input: RestoreItemActionInput): Promise<RestoreItemActionOutput>;
  /**
   * Whether additional items that `execute` asked to wait for are ready, so that the item may be created; asked each second, after they
   * have been restored. Default: they are. Source: Velero v1.18.1 `pkg/plugin/velero/restoreitemaction/v2`.
   */
  areAdditionalItemsReady?(input: AdditionalItemsInput): Promise<boolean>;
}

/** What an action is asked about. */
export interface AdditionalItemsInput {
  /** Those that the cluster has now, by their original namespace. */
  readonly additionalItems: readonly ResourceIdentifier[];
  readonly restore: Restore;
  readonly kubernetes: KubernetesReader;
}

/** What an action gets. `item` is a copy of the action's own, to be edited in place or not. */
export interface RestoreItemActionInput {
  /** Metadata reduced, status removed, namespace still the original one. */
  readonly item: Unstructured;
  /** As it was in the backup; not to be edited. */
  readonly itemFromBackup: Unstructured;
  readonly restore: Restore;
  readonly kubernetes: KubernetesReader;
  readonly log: ItemLog;
}

/** What an action gives back. */
export interface RestoreItemActionOutput {
  readonly updatedItem: Unstructured;
  /** Looked up in the backup and restored first, by their original namespace. Default none. */
  readonly additionalItems?: readonly ResourceIdentifier[];
  /** Has the item wait until `areAdditionalItemsReady`. If they are not in time that is an error, and the item is restored. Default `false`. */
  readonly waitForAdditionalItems?: boolean;
  /** How long to wait. Go duration. Default `10m0s`. */
  readonly additionalItemsReadyTimeout?: string;
  /** Leaves the item out, silently. Default `false`. */
  readonly skipRestore?: boolean;
}

/**
 * Cleans up what was made outside of the backup for one of its items, when the backup is deleted. Runs before anything of the
 * backup goes, and again if the deletion is: it must accept what an earlier run has done, absence above all. What it throws is
 * reported, and keeps neither the other items nor the deletion; faults of the server as a whole (no HTTP status) repeat the batch.
 * `conformance/delete-item-action.ts` is this contract as code. Source: Velero v1.6.3 `pkg/plugin/velero/delete_item_action.go`.
 */
export interface DeleteItemAction {
  readonly name: string;
  readonly appliesTo: ResourceSelector;
  execute(input: DeleteItemActionInput): Promise<void>;
}

/** What an action gets. */
export interface DeleteItemActionInput {
  /** As it is in the backup; whether the cluster still holds it is another question. A copy of the action's own. */
  readonly item: Unstructured;
  readonly backup: Backup;
  readonly kubernetes: KubernetesWriter;
  readonly log: ItemLog;
}
