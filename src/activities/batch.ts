import type { BatchRef, RunSettings, Step } from '../api/run.ts';
import type { GroupResource } from '../api/unstructured.ts';
import type { Staging } from './staging.ts';

/** An item as it stands in a batch. */
export interface BatchLine {
  readonly groupResource: GroupResource;
  /** JSON. */
  readonly line: string;
}

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

  async add({ groupResource, line }: BatchLine): Promise<void> {
    if (this.#lines.length > 0 && this.#bytes + line.length > this.#limits.bytes) await this.#cut();
    this.#lines.push(line);
    this.#bytes += line.length;
    this.#groupResources.add(groupResource);
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

  add(item: BatchLine): Promise<void> {
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
