import type { GroupResource, ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import type { BatchRef, RunSettings, Step } from '../api/run.ts';
import type { Staging } from './staging.ts';

/** An item on its way into a backup. */
export interface BackupBatchItem {
  readonly groupResource: GroupResource;
  /** The version it was listed in; its place in the archive keeps it, whatever an action makes of `apiVersion`. */
  readonly version: string;
  readonly item: Unstructured;
  /** The labels that were read from the cluster; absent while `item` still has them. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** An item on its way into the cluster. */
export interface RestoreBatchItem {
  readonly groupResource: GroupResource;
  /** As it was in the backup. */
  readonly itemFromBackup: Unstructured;
  /** As actions have changed it; absent until one has. */
  readonly item?: Unstructured;
}

/** An item on its way to the actions of a deletion. */
export interface DeletionBatchItem {
  readonly groupResource: GroupResource;
  readonly item: Unstructured;
}

/** Any of them. */
type BatchItem = BackupBatchItem | RestoreBatchItem | DeletionBatchItem;

/** Cuts items into batches and writes each to staging as it fills, one behind the other. */
export class BatchWriter {
  readonly #staging: Staging;
  readonly #step: Step;
  readonly #limits: RunSettings['batch'];
  readonly #batches: BatchRef[] = [];
  #lines: string[] = [];
  #bytes = 0;
  #groupResources = new Set<GroupResource>();

  constructor(staging: Staging, step: Step, limits: RunSettings['batch']) {
    this.#staging = staging;
    this.#step = step;
    this.#limits = limits;
  }

  async add(item: BatchItem): Promise<void> {
    const line = JSON.stringify(item);
    if (this.#lines.length > 0 && this.#bytes + line.length > this.#limits.bytes) await this.#cut();
    this.#lines.push(line);
    this.#bytes += line.length;
    this.#groupResources.add(item.groupResource);
    if (this.#lines.length >= this.#limits.items) await this.#cut();
  }

  /** Writes what is left; resolves with all batches, in order. */
  async finish(): Promise<BatchRef[]> {
    if (this.#lines.length > 0) await this.#cut();
    return this.#batches;
  }

  async #cut(): Promise<void> {
    const ref = await this.#staging.writeLines(`${this.#step}-batch${this.#batches.length}`, this.#lines);
    this.#batches.push({ ...ref, items: this.#lines.length, groupResources: [...this.#groupResources] });
    this.#lines = [];
    this.#bytes = 0;
    this.#groupResources = new Set();
  }
}

/** Cuts items into batches of one group-resource each. */
export class BatchWriters {
  readonly #staging: Staging;
  readonly #step: Step;
  readonly #limits: RunSettings['batch'];
  readonly #writers = new Map<GroupResource, BatchWriter>();

  constructor(staging: Staging, step: Step, limits: RunSettings['batch']) {
    this.#staging = staging;
    this.#step = step;
    this.#limits = limits;
  }

  add(item: BatchItem): Promise<void> {
    let writer = this.#writers.get(item.groupResource);
    if (writer === undefined) {
      writer = new BatchWriter(this.#staging, `${this.#step}-${this.#writers.size}`, this.#limits);
      this.#writers.set(item.groupResource, writer);
    }
    return writer.add(item);
  }

  /** Writes what is left; resolves with the batches of each group-resource, in the order in which they first came. */
  async finish(): Promise<Map<GroupResource, BatchRef[]>> {
    const batches = new Map<GroupResource, BatchRef[]>();
    for (const [groupResource, writer] of this.#writers) batches.set(groupResource, await writer.finish());
    return batches;
  }
}

/** Reads the items of a batch, after checking its digest. Those of a restore are read by `readRestoreBatch`. */
export async function readBatch<T extends Exclude<BatchItem, RestoreBatchItem>>(
  staging: Staging,
  batch: BatchRef,
): Promise<T[]> {
  return (await staging.readLines(batch)) as T[];
}

/** Writes the items of one batch anew, as an action left them. */
export async function writeBatch(
  staging: Staging,
  step: Step,
  items: readonly (BackupBatchItem | RestoreBatchItem)[],
): Promise<BatchRef> {
  const ref = await staging.writeLines(
    `${step}-batch`,
    items.map((item) => JSON.stringify(item)),
  );
  return { ...ref, items: items.length, groupResources: [...new Set(items.map((item) => item.groupResource))] };
}

/** Which object a batch item is. */
export function identify({
  groupResource,
  item,
}: {
  readonly groupResource: GroupResource;
  readonly item: Unstructured;
}): ResourceIdentifier {
  return { groupResource, namespace: item.metadata.namespace ?? '', name: item.metadata.name };
}
