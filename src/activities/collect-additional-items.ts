import pLimit from 'p-limit';
import type { Counts } from '../api/backup.ts';
import { errorCode, errorText } from '../api/errors.ts';
import type { BatchRef, ReportRef, RunSettings, SegmentRef, Step } from '../api/run.ts';
import {
  itemKey,
  parseItemKey,
  type GroupResource,
  type ResourceIdentifier,
  type Unstructured,
} from '../api/unstructured.ts';
import type { BackupFilter } from '../selection/backup-filter.ts';
import { Archive } from './archive.ts';
import { assertFewSingleItems } from './batch-limit.ts';
import { BackupEntry } from './backup-batch.ts';
import { BatchWriter } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { isItemError } from './item-errors.ts';
import { activitySignal } from './lease.ts';
import type { BackupPlan, OpenRun, Planned } from './plan.ts';
import { plannedFilter } from './planned-filter.ts';
import { createIsHooked } from './pod-hooks.ts';
import { Report, reportLines } from './report.ts';
import { createIsStaged } from './staged-items.ts';
import type { Staging } from './staging.ts';

/** One wave of additional items: what actions asked for, and what the backup has. */
export interface CollectAdditionalItemsInput extends Planned {
  readonly step: Step;
  readonly batch: RunSettings['batch'];
  readonly order: readonly number[];
  /** Reports that name additional items. */
  readonly wanted: readonly ReportRef[];
  /** Reports that name what has been collected so far, so that each item is in a backup once. */
  readonly collected: readonly ReportRef[];
  /** Items that the run has staged so far. */
  readonly staged: number;
  /** Whether to ask for the definitions and namespaces of what has been collected: in the first wave. */
  readonly withOwners: boolean;
}

/** What a wave collected: batches for the next steps, and segments of what is archived already. */
export interface CollectedAdditionalItems {
  readonly batches: readonly BatchRef[];
  readonly segments: readonly SegmentRef[];
  /** Pods with hooks, in batches of their own; absent without any. */
  readonly hooked?: readonly BatchRef[];
  readonly report: ReportRef;
  readonly selected: Counts;
  readonly archived: Counts;
}

/** The step of a backup that follows what its actions named. */
export interface CollectAdditionalItemsActivities {
  /**
   * Fetches the items that actions named and no step has collected yet. An absent one is a warning. Safe to repeat: it only
   * reads the cluster, and writes to keys of its own attempt.
   */
  collectAdditionalItems(input: CollectAdditionalItemsInput): Promise<CollectedAdditionalItems>;
}

/** The activities over a worker's dependencies. */
export function createCollectAdditionalItems(
  dependencies: Dependencies,
  openRun: OpenRun,
): CollectAdditionalItemsActivities {
  const { kubernetes, config, now } = dependencies;

  return {
    async collectAdditionalItems(input) {
      const { staging, plan } = await openRun<BackupPlan>(input);
      const signal = activitySignal();
      const discovery = await kubernetes.discover({ signal });
      const filter = plannedFilter(plan, discovery);
      const report = new Report(now);
      const archive = new Archive(plan.backup, report);
      const batches = new BatchWriter(staging, input.step, input.batch);
      const hooked = new BatchWriter(staging, `${input.step}-hooked`, input.batch);
      const isHooked = await createIsHooked(dependencies, plan);
      const isStaged = createIsStaged(dependencies, plan, discovery);
      let stagedItems = input.staged;
      const selected: Record<string, number> = {};
      const archived: Record<string, number> = {};

      const wanted = orderedFirst(await missingItems(staging, input, filter), plan);
      const limit = pLimit(config.concurrency.requests);
      const fetched = await Promise.all(wanted.map(([key, want]) => limit(() => fetch(parseItemKey(key), want))));
      for (const entry of fetched) {
        if (entry === undefined) continue;
        const { groupResource } = entry;
        selected[groupResource] = (selected[groupResource] ?? 0) + 1;
        report.item(groupResource, entry.item);
        const withHooks = isHooked(groupResource, entry.item);
        if (withHooks || isStaged(groupResource, entry.item)) {
          assertFewSingleItems(input.batch, ++stagedItems);
          await (withHooks ? hooked : batches).add(BackupEntry.of(entry));
        } else {
          await archive.add(BackupEntry.of(entry));
          archived[groupResource] = (archived[groupResource] ?? 0) + 1;
        }
      }
      const segment = await archive.write(staging, input.step, [...input.order, 0]);
      const hookedBatches = await hooked.finish();
      return {
        batches: await batches.finish(),
        segments: segment ? [segment] : [],
        ...(hookedBatches.length > 0 && { hooked: hookedBatches }),
        report: await report.write(staging, input.step),
        selected,
        archived,
      };

      async function fetch(identifier: ResourceIdentifier, want: Want) {
        signal.throwIfAborted();
        const resource = discovery.find(identifier.groupResource);
        if (resource === undefined) {
          if (want !== 'owner')
            report.warning('Additional item is of a resource that the cluster does not serve', identifier);
          return undefined;
        }
        try {
          const item: Unstructured = await kubernetes.get(resource, identifier, { signal });
          const mayCome =
            want === 'must' ? item.metadata.deletionTimestamp == null : filter.allowsAdditional(resource, item);
          return mayCome ? { groupResource: resource.groupResource, version: resource.version, item } : undefined;
        } catch (error) {
          if (!isItemError(error)) throw error;
          if (errorCode(error) !== 'NotFound')
            report.error('Error getting additional item', identifier, errorText(error));
          else if (want !== 'owner') report.warning('Additional item was not found in the cluster', identifier);
          return undefined;
        }
      }
    },
  };
}

/**
 * How much an item is wanted: `must` comes whatever the filters say, `item` if they let it; an `owner` nobody asked for by name, so
 * that its absence is worth no warning.
 */
type Want = 'must' | 'item' | 'owner';

/** The keys that are wanted and not collected. */
async function missingItems(
  staging: Staging,
  input: CollectAdditionalItemsInput,
  filter: BackupFilter,
): Promise<Map<string, Want>> {
  const wanted = new Map<string, Want>();
  for await (const { items, mustInclude } of reportLines(staging, input.wanted, 'additional')) {
    for (const key of items.map(itemKey))
      if (wanted.get(key) !== 'must') wanted.set(key, mustInclude ? 'must' : 'item');
  }
  if (input.withOwners) await addOwners(staging, { input, filter, wanted });
  for await (const { groupResource, namespace, names } of reportLines(staging, input.collected, 'items')) {
    for (const name of names) wanted.delete(itemKey({ groupResource, namespace, name }));
  }
  return wanted;
}

/** The namespaces of the items, which a label selector leaves out, and their CustomResourceDefinitions, which a namespace filter does. */
async function addOwners(
  staging: Staging,
  { input, filter, wanted }: { input: CollectAdditionalItemsInput; filter: BackupFilter; wanted: Map<string, Want> },
): Promise<void> {
  const add = (groupResource: GroupResource, name: string): void => {
    const key = itemKey({ groupResource, namespace: '', name });
    if (!wanted.has(key)) wanted.set(key, 'owner');
  };
  for await (const { groupResource, namespace } of reportLines(staging, input.collected, 'items')) {
    if (namespace !== '') add('namespaces', namespace);
    if (filter.followsDefinitions && groupResource.includes('.'))
      add('customresourcedefinitions.apiextensions.k8s.io', groupResource);
  }
}

/** What `orderedResources` names, in its order, then the others. */
function orderedFirst(wanted: ReadonlyMap<string, Want>, { ordered }: BackupPlan): [string, Want][] {
  const first = Object.values(ordered).flatMap((items) => items.map(itemKey));
  const ranks = new Map(first.map((key, index) => [key, index - first.length]));
  return [...wanted].sort(([a], [b]) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
}
