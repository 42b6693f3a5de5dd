import pLimit from 'p-limit';
import { includesExcludes } from '../selection/includes-excludes.ts';
import type { Dependencies } from './dependencies.ts';
import { activitySignal } from './lease.ts';
import { listOptions, listsOf, type List } from './lists.ts';
import type { BackupPlan, OpenRun, Planned } from './plan.ts';
import { plannedFilter } from './planned-filter.ts';

/** The step that tells how much there is to do. */
export interface CountItemsActivities {
  /**
   * How many items a backup will list, more or less, from pages of one item each: an estimate for people, at the start of a run.
   * Lists whose length the server does not tell (those with a label selector, or with namespaces filtered here) count nothing,
   * as do those that fail. Only reads.
   */
  countItems(input: Planned): Promise<number>;
}

/** The activity over a worker's dependencies. */
export function createCountItems({ kubernetes, config }: Dependencies, openRun: OpenRun): CountItemsActivities {
  return {
    async countItems(input) {
      const { plan } = await openRun<BackupPlan>(input);
      const { spec } = plan.backup;
      const signal = activitySignal();
      const discovery = await kubernetes.discover({ signal });
      const filter = plannedFilter(plan, discovery, plan.resources);
      const everyNamespace = includesExcludes(spec.includedNamespaces, spec.excludedNamespaces).everything;
      const limit = pLimit(config.concurrency.lists);

      async function lengthOf(list: List): Promise<number> {
        if (list.resource.namespaced && list.namespace === undefined && !everyNamespace) return 0;
        try {
          const page = await kubernetes.listPage(list.resource, { ...listOptions(list, filter), limit: 1, signal });
          return page.continueToken === undefined ? page.items.length : 1 + (page.remaining ?? 0);
        } catch {
          return 0;
        }
      }

      const lengths = await Promise.all(
        listsOf({ ...plan, ordered: {} }, filter).map((list) => limit(() => lengthOf(list))),
      );
      return lengths.reduce((sum, length) => sum + length, 0);
    },
  };
}
