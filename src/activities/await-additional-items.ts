import { activityInfo } from '@temporalio/activity';
import { parseGoDuration } from '../api/duration.ts';
import { errorText } from '../api/errors.ts';
import { targetNamespace } from '../api/restore.ts';
import type { ReportRef, Step } from '../api/run.ts';
import type { ResourceIdentifier } from '../api/unstructured.ts';
import { readerOf } from '../kubernetes/reader.ts';
import { executeItemAction, type ItemActionResult } from '../plugins/execute-item-action.ts';
import type { AdditionalItemsInput } from '../plugins/item-action.ts';
import type { Dependencies } from './dependencies.ts';
import { findAction } from './execute-backup-item-action.ts';
import { notYet } from './failures.ts';
import { activitySignal } from './lease.ts';
import type { OpenRun, Planned, RestorePlan } from './plan.ts';
import { Report, reportLines } from './report.ts';
import { findObject } from './volume-in-use.ts';

const pollAfterMs = 1_000;

/** The step of a restore between what actions asked for and the items that they asked for it for. */
export interface AwaitAdditionalItemsActivities {
  /**
   * Ends when the actions that want it say that the items they asked for are ready; those that are not in time become errors in the
   * report, and the restore goes on. Only reads the cluster; until then each attempt fails as retryable.
   */
  awaitAdditionalItems(
    input: Planned & { readonly step: Step; readonly reports: readonly ReportRef[] },
  ): Promise<ReportRef>;
}

/** The activities over a worker's dependencies. */
export function createAwaitAdditionalItems(
  dependencies: Dependencies,
  openRun: OpenRun,
): AwaitAdditionalItemsActivities {
  const { config, kubernetes, now } = dependencies;
  return {
    async awaitAdditionalItems(input) {
      const { staging, plan } = await openRun<RestorePlan>(input);
      const { restore } = plan;
      const signal = activitySignal();
      const reader = readerOf(kubernetes, signal);
      const report = new Report(now);
      const waitedMs = now().getTime() - activityInfo().scheduledTimestampMs;
      const waiting: string[] = [];
      for await (const line of reportLines(staging, input.reports, 'wait')) {
        const asked = await ask(line.action, await present(line.items));
        if (asked.failed)
          report.error('Error asking whether additional items are ready', line.item, errorText(asked.error));
        if (asked.failed || asked.output) continue;
        if (waitedMs < (parseGoDuration(line.timeout ?? config.resourceTimeout) ?? 0)) waiting.push(line.item.name);
        else report.error('Additional items were not ready in time', line.item, line.action);
      }
      if (waiting.length > 0)
        throw notYet(`additional items of ${waiting.slice(0, 3).join(', ')} are not ready yet`, pollAfterMs);
      return report.write(staging, input.step);

      /** Those that the cluster has: what could not be restored has been reported, and is not waited for. */
      async function present(items: readonly ResourceIdentifier[]): Promise<ResourceIdentifier[]> {
        const found: ResourceIdentifier[] = [];
        for (const item of items) {
          const ref = { namespace: targetNamespace(restore.spec, item.namespace), name: item.name };
          if (await findObject(kubernetes, item.groupResource, { ref, signal })) found.push(item);
        }
        return found;
      }

      function ask(name: string, additionalItems: readonly ResourceIdentifier[]): Promise<ItemActionResult<boolean>> {
        const action = findAction(dependencies.restoreItemActions, name);
        const execute = async (given: AdditionalItemsInput): Promise<boolean> =>
          (await action.areAdditionalItemsReady?.(given)) ?? true;
        return executeItemAction({ execute }, { additionalItems, restore, kubernetes: reader });
      }
    },
  };
}
