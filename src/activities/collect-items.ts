import type { Counts } from '../api/backup.ts';
import { errorCode, errorText, type BowlineError } from '../api/errors.ts';
import type { BatchRef, ReportRef, RunSettings, SegmentRef, Step } from '../api/run.ts';
import { itemKey } from '../api/unstructured.ts';
import type { ListPage } from '../kubernetes/client.ts';
import { leftOutBecause, type BackupFilter } from '../selection/backup-filter.ts';
import { Archive } from './archive.ts';
import { BackupEntry } from './backup-batch.ts';
import { assertFewSingleItems } from './batch-limit.ts';
import { BatchWriter } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { isItemError } from './item-errors.ts';
import { activitySignal } from './lease.ts';
import { listOptions, listsOf, type List } from './lists.ts';
import { orderedPage, type OrderedPage } from './ordered-page.ts';
import type { BackupPlan, OpenRun, Planned } from './plan.ts';
import { plannedFilter } from './planned-filter.ts';
import { createIsHooked, type IsHooked } from './pod-hooks.ts';
import { Report, reportLines } from './report.ts';
import { createIsStaged, type IsStaged } from './staged-items.ts';
import type { Staging } from './staging.ts';

/** Where a collection goes on: the list, counted over resources and namespaces, and the page in it. */
export interface Position {
  readonly list: number;
  readonly continueToken?: string;
  /** The list was begun anew after it had expired: what was collected of it comes by again. */
  readonly begunAnew?: true;
}

/** One call's part of the collection, from where the call before it ended. */
export interface CollectItemsInput extends Planned {
  readonly step: Step;
  readonly batch: RunSettings['batch'];
  readonly order: readonly number[];
  readonly from: Position;
  /** Reports of earlier calls: what they collected of a list that was begun anew is left out. */
  readonly earlier: readonly ReportRef[];
  /** Items to read, more or less: the call stops at the first page that reaches this. */
  readonly items: number;
  /** Items that the run has staged so far. */
  readonly staged: number;
  /** Whether earlier calls have found pods with hooks. Default `false`. */
  readonly hooked?: boolean;
}

/** What a call collected, and whether there is more. */
export interface CollectedItems {
  /** Items that actions or volumes concern, for the next steps. */
  readonly batches: readonly BatchRef[];
  /** The others, archived already. */
  readonly segments: readonly SegmentRef[];
  /** Pods with hooks, in batches of their own; absent without any. */
  readonly hooked?: readonly BatchRef[];
  /** Every pod has been listed, and there are some with hooks, which come before whatever is listed next. */
  readonly hooksAreDue?: true;
  readonly report: ReportRef;
  /** Where the next call goes on; absent after the last list. */
  readonly next?: Position;
  /** Selected items by group-resource, and how many of them `segments` hold. */
  readonly selected: Counts;
  readonly archived: Counts;
  /** How many items the list at hand still holds, where the server tells. */
  readonly remaining: number;
}

/** The step of a backup that reads the cluster. */
export interface CollectItemsActivities {
  /**
   * Lists some pages, filters, and writes batches and a segment. Safe to repeat: each attempt lists anew and writes to keys of
   * its own; what counts is what its result names. A resource that can't be listed is an error in the report. With pods that have
   * hooks, a call ends with the pods: their hooks run before a volume is snapshotted.
   */
  collectItems(input: CollectItemsInput): Promise<CollectedItems>;
}

/** The activities over a worker's dependencies. */
export function createCollectItems(dependencies: Dependencies, openRun: OpenRun): CollectItemsActivities {
  const { kubernetes, now } = dependencies;

  return {
    async collectItems(input) {
      const { staging, plan } = await openRun<BackupPlan>(input);
      const signal = activitySignal();
      const discovery = await kubernetes.discover({ signal });
      const filter = plannedFilter(plan, discovery, plan.resources);
      const isHooked = await createIsHooked(dependencies, plan);
      const isStaged = createIsStaged(dependencies, plan, discovery);
      const collection = new Collection({ staging, plan, input, filter, report: new Report(now), isHooked, isStaged });
      const lists = listsOf(plan, filter);
      const isOfPods = (list: List | undefined): boolean => list?.resource.groupResource === 'pods';
      let hooksAreDue = false;

      if (input.from.begunAnew) await collection.leaveOutEarlier(input.earlier);
      let position: Position | undefined = input.from;
      for await (const { page, at } of pagesFrom(dependencies, { lists, filter, from: input.from, signal })) {
        const list = lists[at]!;
        const again = at === input.from.list && input.from.begunAnew ? { begunAnew: true as const } : {};
        if (errorCode(page) === 'Expired') {
          position = { list: at, ...again, ...continueAfter(page as BowlineError) };
          break;
        }
        if (!(page instanceof Error)) await collection.add(list, page);
        else if (isItemError(page)) collection.listFailed(list, page);
        else throw page;
        position =
          page instanceof Error || page.continueToken === undefined
            ? { list: at + 1 }
            : { list: at, ...again, continueToken: page.continueToken };
        hooksAreDue = (input.hooked || collection.hasHooks) && isOfPods(lists[at]) && !isOfPods(lists[position.list]);
        if (hooksAreDue || collection.listed >= input.items) break;
      }
      if (position.list >= lists.length) position = undefined;
      return { ...(await collection.finish(position)), ...(hooksAreDue && { hooksAreDue }) };
    },
  };

  /** The pages of all lists in order. The next lists are begun ahead, for most have but one page. */
  async function* pagesFrom(
    { config }: Dependencies,
    request: { lists: readonly List[]; filter: BackupFilter; from: Position; signal: AbortSignal },
  ): AsyncGenerator<{ page: ListPage | Error; at: number }> {
    const { lists, filter, from, signal } = request;
    const begun = new Map<number, AsyncIterable<ListPage>>();
    const begin = (at: number): AsyncIterable<ListPage> => {
      const list = lists[at]!;
      const token = at === from.list ? from.continueToken : undefined;
      if (list.items) return onePage(orderedPage(kubernetes, list.resource, list.items));
      const options = { ...listOptions(list, filter), signal, ...(token !== undefined && { continueToken: token }) };
      return kubernetes.listPages(list.resource, options);
    };
    for (let at = from.list; at < lists.length; at++) {
      for (let next = at; next < Math.min(at + config.concurrency.lists, lists.length); next++)
        if (!begun.has(next)) begun.set(next, begin(next));
      const pages = begun.get(at)!;
      begun.delete(at);
      try {
        for await (const page of pages) yield { page, at };
      } catch (error) {
        yield { page: asError(error), at };
      }
    }
  }
}

function onePage(page: Promise<ListPage>): AsyncIterable<ListPage> {
  // Awaited in its turn, perhaps after another list has failed.
  page.catch(() => undefined);
  return (async function* () {
    yield await page;
  })();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The 410's own token goes on from a newer state of the same list; without one the list begins anew. */
function continueAfter(error: BowlineError): Omit<Position, 'list'> {
  return error.continueToken === undefined ? { begunAnew: true } : { continueToken: error.continueToken };
}

/** What one call has collected so far. */
class Collection {
  listed = 0;
  readonly #staging: Staging;
  readonly #input: CollectItemsInput;
  readonly #filter: BackupFilter;
  readonly #report: Report;
  readonly #isStaged: IsStaged;
  /** What is collected before the lists of its type. */
  readonly #ordered: ReadonlySet<string>;
  readonly #batches: BatchWriter;
  readonly #hooked: BatchWriter;
  readonly #archive: Archive;
  readonly #isHooked: IsHooked;
  readonly #selected: Record<string, number> = {};
  readonly #archived: Record<string, number> = {};
  #leftOut: Set<string> | undefined;
  #staged: number;
  #remaining = 0;
  hasHooks = false;

  constructor(parts: {
    staging: Staging;
    plan: BackupPlan;
    input: CollectItemsInput;
    filter: BackupFilter;
    report: Report;
    isHooked: IsHooked;
    isStaged: IsStaged;
  }) {
    const { staging, plan, input, filter, report, isHooked, isStaged } = parts;
    this.#staging = staging;
    this.#input = input;
    this.#filter = filter;
    this.#report = report;
    this.#isStaged = isStaged;
    this.#ordered = new Set(Object.values(plan.ordered).flatMap((items) => items.map(itemKey)));
    this.#staged = input.staged;
    this.#batches = new BatchWriter(staging, input.step, input.batch);
    this.#hooked = new BatchWriter(staging, `${input.step}-hooked`, input.batch);
    this.#isHooked = isHooked;
    this.#archive = new Archive(plan.backup, report);
  }

  async add({ resource, items: ordered }: List, page: ListPage & Partial<OrderedPage>): Promise<void> {
    const { groupResource, version } = resource;
    this.listed += page.items.length;
    this.#remaining = page.remaining ?? 0;
    for (const { identifier, error } of page.missing ?? []) {
      if (error === undefined) this.#report.warning('Ordered item was not found in the cluster', identifier);
      else this.#report.error('Error getting ordered item', identifier, error);
    }
    for (const item of page.items) {
      const { namespace = '', name } = item.metadata;
      const identifier = { groupResource, namespace, name };
      if (!this.#filter.covers(resource, item) || this.#leftOut?.has(itemKey(identifier))) continue;
      if (!ordered && this.#ordered.size > 0 && this.#ordered.has(itemKey(identifier))) continue;
      const reason = leftOutBecause(groupResource, item);
      if (reason !== undefined) {
        this.#report.info(`Excluding item: ${reason}`, identifier);
        continue;
      }
      this.#selected[groupResource] = (this.#selected[groupResource] ?? 0) + 1;
      this.#report.item(groupResource, item);
      const isHooked = this.#isHooked(groupResource, item);
      this.hasHooks ||= isHooked;
      if (isHooked || this.#isStaged(groupResource, item)) {
        assertFewSingleItems(this.#input.batch, ++this.#staged);
        await (isHooked ? this.#hooked : this.#batches).add(BackupEntry.of({ groupResource, version, item }));
        continue;
      }
      await this.#archive.add({ ...identifier, version, text: JSON.stringify(item) });
      this.#archived[groupResource] = (this.#archived[groupResource] ?? 0) + 1;
    }
  }

  listFailed({ resource, namespace }: List, error: Error): void {
    const item = { groupResource: resource.groupResource, namespace: namespace ?? '', name: '' };
    this.#report.error('Error listing items', item, errorText(error));
  }

  async leaveOutEarlier(reports: readonly ReportRef[]): Promise<void> {
    this.#leftOut = new Set();
    for await (const { groupResource, namespace, names } of reportLines(this.#staging, reports, 'items')) {
      for (const name of names) this.#leftOut.add(itemKey({ groupResource, namespace, name }));
    }
  }

  async finish(next: Position | undefined): Promise<CollectedItems> {
    const [batches, hooked, segment] = await Promise.all([
      this.#batches.finish(),
      this.#hooked.finish(),
      this.#archive.write(this.#staging, this.#input.step, [...this.#input.order, 0]),
    ]);
    return {
      batches,
      segments: segment === undefined ? [] : [segment],
      ...(hooked.length > 0 && { hooked }),
      report: await this.#report.write(this.#staging, this.#input.step),
      ...(next !== undefined && { next }),
      selected: this.#selected,
      archived: this.#archived,
      remaining: this.#remaining,
    };
  }
}
