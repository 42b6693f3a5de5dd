import { errorText } from '../api/errors.ts';
import { readerOf } from '../kubernetes/reader.ts';
import { executeItemAction } from '../plugins/execute-item-action.ts';
import { resolveSelector } from '../selection/resource-selector.ts';
import { openRestoreBatch } from './action-items.ts';
import type { Dependencies } from './dependencies.ts';
import { findAction, type ExecutedItemAction, type ExecuteItemActionInput } from './execute-backup-item-action.ts';
import { tellFailed, tellStopped } from './item-verdicts.ts';
import { activitySignal } from './lease.ts';
import type { OpenRun, Planned, RestorePlan } from './plan.ts';
import { PluginConfigs } from './plugin-configs.ts';
import { Report } from './report.ts';
import type { LeftEntry } from './restore-batch.ts';
import { restoreReader } from './restore-reader.ts';

/** The step of a restore that runs item actions. */
export interface ExecuteRestoreItemActionActivities {
  /**
   * Runs one action over one batch. Safe to repeat: actions are idempotent, and each attempt writes a batch of its own. An
   * item that fails, or that the action stops, is left out; the others go on.
   */
  executeRestoreItemAction(input: ExecuteItemActionInput & Planned): Promise<ExecutedItemAction>;
}

/** The activities over a worker's dependencies. */
export function createExecuteRestoreItemAction(
  dependencies: Dependencies,
  openRun: OpenRun,
): ExecuteRestoreItemActionActivities {
  const { kubernetes, now } = dependencies;
  const configs = new PluginConfigs();
  return {
    async executeRestoreItemAction(input) {
      const action = findAction(dependencies.restoreItemActions, input.action);
      const { staging, plan } = await openRun<RestorePlan>(input);
      const { restore } = plan;
      const signal = activitySignal();
      const discovery = await kubernetes.discover({ signal });
      const selector = resolveSelector(action.appliesTo, (name) => discovery.resolve(name)?.groupResource);
      const cluster = configs.readerOf(input.run.uid, readerOf(kubernetes, signal));
      const reader = restoreReader(cluster, plan.podVolumeBackups);
      const report = new Report(now);

      const batch = await openRestoreBatch(staging, input.batch, restore);
      const left: LeftEntry[] = [];
      let waits = false;
      for (const one of batch.items) {
        signal.throwIfAborted();
        const { identifier, matched, item, asItWas, changedTo } = one;
        if (!selector.matchesItem(matched)) {
          left.push(asItWas);
          continue;
        }
        const given = {
          item,
          get itemFromBackup() {
            return one.itemFromBackup!;
          },
          restore,
          kubernetes: reader,
          log: report.logOf(identifier, item),
        };
        const result = await executeItemAction(action, given);
        if (result.failed) {
          tellFailed({ report, plan }, { action: action.name, identifier, item }, errorText(result.error));
        } else if (result.output.skipRestore) {
          tellStopped({ report, plan }, { action: action.name, identifier, item });
        } else {
          const { additionalItems = [], updatedItem, ...waiting } = result.output;
          report.additional(additionalItems);
          if (waiting.waitForAdditionalItems) {
            waits = true;
            const timeout = waiting.additionalItemsReadyTimeout;
            const about = { action: action.name, item: identifier, items: additionalItems };
            report.add({ type: 'wait', ...about, ...(timeout !== undefined && { timeout }) });
          }
          left.push(changedTo(updatedItem));
        }
      }
      return {
        batch: await batch.write(input.step, left),
        report: await report.write(staging, input.step),
        ...(waits && { waits }),
      };
    },
  };
}
