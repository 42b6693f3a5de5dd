import { cloneJson, equalJson } from '../api/json.ts';
import { targetNamespace, type Restore } from '../api/restore.ts';
import type { BatchRef, Step } from '../api/run.ts';
import type { ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import type { ResolvedSelector } from '../selection/resource-selector.ts';
import { BackupEntry, readBackupBatch, writeBackupBatch } from './backup-batch.ts';
import type { BackupPlan, RestorePlan } from './plan.ts';
import { resetMetadata } from './reset-metadata.ts';
import { readRestoreBatch, writeRestoreBatch, type LeftEntry, type RestoreEntry } from './restore-batch.ts';
import type { Staging } from './staging.ts';

/** An item of a batch, as item actions and their selectors see it. */
export interface ActionItem<Left> {
  /** By its original namespace. */
  readonly identifier: ResourceIdentifier;
  /** What selectors are asked about: labels only where a selector has some. */
  readonly matched: Parameters<ResolvedSelector['matchesItem']>[0];
  /** The action's to edit. Parsed when it is asked for. */
  readonly item: Unstructured;
  /** As it is in the backup; only of a restore. Parsed when it is asked for. */
  readonly itemFromBackup?: Unstructured;
  /** Its place in the batch, when no action has looked at it. */
  readonly asItWas: Left;
  /** Its place in the batch, when an action has made `item` of it. */
  changedTo(item: Unstructured): Left;
}

/** A batch that goes through one action. */
export interface ActionBatch<Left> {
  /** One after the other, to be gone through once. */
  readonly items: Iterable<ActionItem<Left>>;
  /** Writes it anew, as the action left it; if all is as it was, the batch stays the one that it is. */
  write(step: Step, left: readonly Left[]): Promise<BatchRef>;
}

/** Opens a batch on its way into a backup, after checking its digest. */
export async function openBackupBatch(staging: Staging, batch: BatchRef): Promise<ActionBatch<BackupEntry>> {
  const entries = await readBackupBatch(staging, batch);
  function* items(): Generator<ActionItem<BackupEntry>> {
    for (const entry of entries) yield new BackupActionItem(entry);
  }
  return {
    items: items(),
    async write(step, left) {
      const isUnchanged = left.length === entries.length && left.every((entry, index) => entry === entries[index]);
      return isUnchanged ? batch : writeBackupBatch(staging, step, left);
    },
  };
}

/** Opens a batch on its way into the cluster, after checking its digest. */
export async function openRestoreBatch(
  staging: Staging,
  batch: BatchRef,
  restore: Restore,
): Promise<ActionBatch<LeftEntry>> {
  const entries = await readRestoreBatch(staging, batch);
  function* items(): Generator<ActionItem<LeftEntry>> {
    for (const entry of entries) yield restoreActionItem(entry, restore);
  }
  return { items: items(), write: (step, left) => writeRestoreBatch(staging, step, { batch, left }) };
}

/** Opens a batch on its way in either direction. */
export function openActionBatch(
  staging: Staging,
  batch: BatchRef,
  plan: BackupPlan | RestorePlan,
): Promise<ActionBatch<unknown>> {
  return 'restore' in plan ? openRestoreBatch(staging, batch, plan.restore) : openBackupBatch(staging, batch);
}

/**
 * Selectors see the labels that were read from the cluster, whatever an action has made of them.
 * Source: Velero `pkg/backup/item_backupper.go`.
 */
class BackupActionItem implements ActionItem<BackupEntry> {
  readonly identifier: ResourceIdentifier;
  readonly matched: ActionItem<BackupEntry>['matched'];
  readonly asItWas: BackupEntry;
  #parsed: { readonly item: Unstructured; readonly labels: Readonly<Record<string, string>> } | undefined;

  constructor(entry: BackupEntry) {
    const { groupResource, namespace } = entry;
    const labels = () => this.#labels;
    this.asItWas = entry;
    this.identifier = entry.identifier;
    this.matched = {
      groupResource,
      namespace,
      get labels() {
        return labels();
      },
    };
  }

  get item(): Unstructured {
    return this.#read().item;
  }

  changedTo(changed: Unstructured): BackupEntry {
    const { groupResource, version, labels } = this.asItWas;
    const isRelabelled = labels !== undefined || !equalJson(changed.metadata.labels ?? {}, this.#labels);
    const entry = BackupEntry.of({
      groupResource,
      version,
      item: changed,
      ...(isRelabelled && { labels: this.#labels }),
    });
    return entry.line === this.asItWas.line ? this.asItWas : entry;
  }

  get #labels(): Readonly<Record<string, string>> {
    return this.#read().labels;
  }

  #read() {
    if (this.#parsed === undefined) {
      const item = this.asItWas.parse();
      // A copy: an action may edit those of the item.
      this.#parsed = { item, labels: this.asItWas.labels ?? { ...item.metadata.labels } };
    }
    return this.#parsed;
  }
}

/**
 * Selectors see the namespace that the item is restored into, and the labels that it has by now.
 * Source: Velero `pkg/restore/restore.go`.
 */
function restoreActionItem(entry: RestoreEntry, { spec }: Restore): ActionItem<LeftEntry> {
  const { groupResource } = entry;
  const item = entry.item ?? resetMetadata(cloneJson(entry.itemFromBackup));
  const { name, namespace = '', labels } = item.metadata;
  return {
    identifier: { groupResource, namespace, name },
    matched: { groupResource, namespace: targetNamespace(spec, namespace), labels },
    item,
    get itemFromBackup() {
      return entry.itemFromBackup;
    },
    asItWas: { entry },
    changedTo: (changed) => ({ entry, item: changed }),
  };
}
