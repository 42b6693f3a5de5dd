import type { Counts } from '../api/backup.ts';
import { errorText } from '../api/errors.ts';
import type { BatchRef, ReportRef, RunRef, RunSettings, Step } from '../api/run.ts';
import { itemKey, type GroupResource, type ResourceIdentifier, type Unstructured } from '../api/unstructured.ts';
import type { TarballItem } from '../backup-format/tarball.ts';
import { includesExcludes } from '../selection/includes-excludes.ts';
import { restoreOrder } from '../selection/item-order.ts';
import { restoreFilter } from '../selection/restore-filter.ts';
import { parseItem } from './backup-contents.ts';
import { assertFewSingleItems } from './batch-limit.ts';
import { BatchWriters } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { isItemError } from './item-errors.ts';
import { activitySignal } from './lease.ts';
import { NeededNamespaces } from './needed-namespaces.ts';
import type { OpenRun, Planned, RestorePlan } from './plan.ts';
import { readContents, type ContentsReader } from './read-contents.ts';
import { Report, reportLines } from './report.ts';
import { restoreLine } from './restore-batch.ts';
import { skipReason } from './skipped-items.ts';
import type { Staging } from './staging.ts';

/** The batches of one group-resource. */
export interface UnpackedGroup {
  readonly groupResource: GroupResource;
  readonly batches: readonly BatchRef[];
}

/** The first pass over a backup's tarball. */
export interface UnpackInput extends Planned {
  readonly step: Step;
  readonly batch: RunSettings['batch'];
  /** Items that the run has staged so far. */
  readonly staged: number;
}

/** A later pass, for what actions asked for. */
export interface UnpackAdditionalInput extends UnpackInput {
  /** Reports that name additional items. */
  readonly wanted: readonly ReportRef[];
  /** Reports that name what has been unpacked so far: each item is restored once. */
  readonly unpacked: readonly ReportRef[];
}

/** What a pass found, as batches. */
export interface Unpacked {
  /** In the order in which they are to be restored. */
  readonly groups: readonly UnpackedGroup[];
  readonly report: ReportRef;
  readonly selected: Counts;
}

/** The steps of a restore that read the tarball. */
export interface UnpackBackupActivities {
  /**
   * Reads the tarball once, or what is needed of it, selects, and cuts batches per group-resource. Nothing is applied before all
   * that is read has been found whole. Safe to repeat: it writes to keys of its own attempt. Fails with `CorruptBackup`.
   */
  unpackBackup(input: UnpackInput): Promise<Unpacked>;
  /** Reads the tarball again for items that actions asked for and the filters had left out. One that is not there is a warning. */
  unpackAdditionalItems(input: UnpackAdditionalInput): Promise<Unpacked>;
}

/** The activities over a worker's dependencies. */
export function createUnpackBackup(dependencies: Dependencies, openRun: OpenRun): UnpackBackupActivities {
  const { kubernetes, now } = dependencies;

  async function* read(
    { run, plan }: { readonly run: RunRef; readonly plan: RestorePlan },
    reader: ContentsReader,
  ): AsyncGenerator<TarballItem> {
    const store = await dependencies.store(run.location);
    yield* readContents({ store, backup: plan.backup.metadata.name, contents: plan.contents }, reader);
  }

  async function orderOf(groupResources: readonly GroupResource[], { priorities }: RestorePlan): Promise<string[]> {
    const discovery = await kubernetes.discover({ signal: activitySignal() });
    return restoreOrder(groupResources, (name) => discovery.resolve(name)?.groupResource, priorities);
  }

  return {
    async unpackBackup(input) {
      const { staging, plan } = await openRun<RestorePlan>(input);
      const { spec } = plan.restore;
      const discovery = await kubernetes.discover({ signal: activitySignal() });
      const filter = restoreFilter(spec, (name) => discovery.resolve(name)?.groupResource);
      const namespaceFilter = includesExcludes(spec.includedNamespaces, spec.excludedNamespaces);
      const unpacking = new Unpacking(staging, input, { report: new Report(now), plan });
      let isEmpty = true;

      const reader: ContentsReader = {
        mayHold(groupResource, namespace) {
          isEmpty = false;
          return (
            groupResource === 'namespaces' || filter.covers({ groupResource, namespaced: namespace !== '', namespace })
          );
        },
        wanted({ groupResource, namespace, name }) {
          isEmpty = false;
          return groupResource === 'namespaces'
            ? namespaceFilter.includes(name)
            : filter.covers({ groupResource, namespaced: namespace !== '', namespace });
        },
      };
      for await (const entry of read({ run: input.run, plan }, reader)) {
        const item = parseItem(entry, unpacking.report);
        if (item === undefined) continue;
        const { groupResource, namespace } = entry;
        const { labels = {} } = item.metadata;
        const isSelected = filter.selects({ groupResource, namespaced: namespace !== '', namespace, labels });
        await unpacking.take(entry, { item, isSelected });
      }
      await unpacking.addNamespaces();
      if (isEmpty) unpacking.report.warning('The backup holds no items: there is nothing to restore');
      for (const remark of plan.remarks) unpacking.report.warning(remark);
      return unpacking.finish((groupResources) => orderOf(groupResources, plan));
    },

    async unpackAdditionalItems(input) {
      const { staging, plan } = await openRun<RestorePlan>(input);
      const discovery = await kubernetes.discover({ signal: activitySignal() });
      const filter = restoreFilter(plan.restore.spec, (name) => discovery.resolve(name)?.groupResource);
      const wanted = new Map<string, ResourceIdentifier>();
      for await (const { items } of reportLines(staging, input.wanted, 'additional')) {
        for (const identifier of items) {
          const { groupResource, namespace } = identifier;
          const allowed = filter.allowsAdditional({ groupResource, namespaced: namespace !== '', namespace });
          if (allowed) wanted.set(itemKey(identifier), identifier);
        }
      }
      const there = new Set<string>();
      for await (const { groupResource, namespace, names } of reportLines(staging, input.unpacked, 'items')) {
        for (const name of names) {
          wanted.delete(itemKey({ groupResource, namespace, name }));
          if (groupResource === 'namespaces') there.add(name);
        }
      }
      const unpacking = new Unpacking(staging, input, { report: new Report(now), plan, there });
      const owners = new Set([...wanted.values()].map(({ namespace }) => namespace));
      if (wanted.size > 0) {
        const places = new Set([...wanted.values()].map(placeOf));
        const reader: ContentsReader = {
          mayHold: (groupResource, namespace) =>
            groupResource === 'namespaces' || places.has(placeOf({ groupResource, namespace })),
          wanted: (identifier) =>
            wanted.has(itemKey(identifier)) ||
            (identifier.groupResource === 'namespaces' && owners.has(identifier.name)),
        };
        for await (const entry of read({ run: input.run, plan }, reader)) {
          const isWanted = wanted.delete(itemKey(entry));
          const item = parseItem(entry, unpacking.report);
          if (item === undefined) continue;
          await unpacking.take(entry, { item, isSelected: isWanted });
        }
      }
      await unpacking.addNamespaces();
      for (const identifier of wanted.values())
        unpacking.report.warning('Additional item is not in the backup', identifier);
      return unpacking.finish((groupResources) => orderOf(groupResources, plan));
    },
  };
}

function placeOf({ groupResource, namespace }: Pick<ResourceIdentifier, 'groupResource' | 'namespace'>): string {
  return `${groupResource}/${namespace}`;
}

/** Of a tarball that repeats itself over and over the rest is told in one line. */
const repetitionsTold = 20;

/** What one pass over the tarball has taken so far. */
class Unpacking {
  readonly report: Report;
  readonly #staging: Staging;
  readonly #input: UnpackInput;
  readonly #writers: BatchWriters;
  /** Names by place: the strings that the report keeps anyway, and not one of its own for each item. */
  readonly #seen = new Map<string, Set<string>>();
  readonly #selected: Record<string, number> = {};
  readonly #isDryRun: boolean;
  readonly #namespaces: NeededNamespaces;
  #repeated = 0;
  #staged: number;

  /** @param parts `there`: the namespaces that an earlier pass took. Default none */
  constructor(
    staging: Staging,
    input: UnpackInput,
    { report, plan, there }: { report: Report; plan: RestorePlan; there?: ReadonlySet<string> },
  ) {
    this.#staging = staging;
    this.#input = input;
    this.#writers = new BatchWriters(staging, input.step, input.batch);
    this.#staged = input.staged;
    this.#isDryRun = plan.dryRun ?? false;
    this.#namespaces = new NeededNamespaces(there);
    this.report = report;
  }

  /** Takes what is selected, and notes which namespaces that needs; a namespace itself waits until all that need one are known. */
  async take(
    entry: ResourceIdentifier,
    { item, isSelected }: { readonly item: Unstructured; readonly isSelected: boolean },
  ): Promise<void> {
    if (entry.groupResource === 'namespaces') {
      this.#namespaces.found(entry.name, item);
      if (isSelected) this.#namespaces.need(entry.name);
    } else if (isSelected && (await this.#add(entry, item))) this.#namespaces.need(entry.namespace);
  }

  /** Takes the namespaces in which other items are to be. */
  async addNamespaces(): Promise<void> {
    for (const namespace of this.#namespaces.objects())
      await this.#add({ groupResource: 'namespaces', namespace: '', name: namespace.metadata.name }, namespace);
  }

  /** Takes the item; `false` if it is one that is never restored, such as a pod that has ended, or was taken before. */
  async #add(identifier: ResourceIdentifier, itemFromBackup: Unstructured): Promise<boolean> {
    const { groupResource, namespace, name } = identifier;
    if (!this.#isFirst({ groupResource, namespace }, itemFromBackup.metadata.name)) {
      if (this.#repeated++ < repetitionsTold)
        this.report.warning('Item is in the backup twice: the first one counts', { groupResource, namespace, name });
      return false;
    }
    if (this.#isSkipped({ groupResource, namespace, name }, itemFromBackup)) return false;
    assertFewSingleItems(this.#input.batch, ++this.#staged);
    await this.#writers.add(restoreLine({ groupResource, itemFromBackup }));
    this.report.unpacked(groupResource, itemFromBackup);
    this.#selected[groupResource] = (this.#selected[groupResource] ?? 0) + 1;
    return true;
  }

  #isFirst(owner: Pick<ResourceIdentifier, 'groupResource' | 'namespace'>, name: string): boolean {
    const place = placeOf(owner);
    let names = this.#seen.get(place);
    if (names === undefined) this.#seen.set(place, (names = new Set()));
    const before = names.size;
    return names.add(name).size > before;
  }

  #isSkipped(identifier: ResourceIdentifier, item: Unstructured): boolean {
    try {
      const reason = skipReason(identifier.groupResource, item);
      if (reason === undefined) return false;
      if (this.#isDryRun) this.report.change({ ...identifier, action: 'skip', reason });
      else this.report.info(`Skipping item: ${reason}`, identifier);
    } catch (error) {
      if (!isItemError(error)) throw error;
      this.report.error('Item in the backup can not be read', identifier, errorText(error));
    }
    return true;
  }

  async finish(orderOf: (groupResources: readonly GroupResource[]) => Promise<string[]>): Promise<Unpacked> {
    const untold = this.#repeated - repetitionsTold;
    if (untold > 0) this.report.warning(`${untold} more items are in the backup twice`);
    const batches = await this.#writers.finish();
    const order = await orderOf([...batches.keys()]);
    const groups = order.map((groupResource) => ({ groupResource, batches: batches.get(groupResource) ?? [] }));
    return { groups, report: await this.report.write(this.#staging, this.#input.step), selected: this.#selected };
  }
}
