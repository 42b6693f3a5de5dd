import { errorText } from '../api/errors.ts';
import { readerOf } from '../kubernetes/reader.ts';
import { executeItemAction } from '../plugins/execute-item-action.ts';
import { resolveSelector } from '../selection/resource-selector.ts';
import { restoreActionItem } from './action-items.ts';
import { readBatch, writeBatch, type RestoreBatchItem } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { findAction, type ExecutedItemAction, type ExecuteItemActionInput } from './execute-backup-item-action.ts';
import { activitySignal } from './lease.ts';
import type { OpenRun, Planned, RestorePlan } from './plan.ts';
import { Report } from './report.ts';
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
  return {
    async executeRestoreItemAction(input) {
      const action = findAction(dependencies.restoreItemActions, input.action);
      const { staging, plan } = await openRun<RestorePlan>(input);
      const { restore } = plan;
      const signal = activitySignal();
      const discovery = await kubernetes.discover({ signal });
      const selector = resolveSelector(action.appliesTo, (name) => discovery.resolve(name)?.groupResource);
      const reader = restoreReader(readerOf(kubernetes, signal), plan.podVolumeBackups);
      const report = new Report(now);

      const items: RestoreBatchItem[] = [];
      for (const entry of await readBatch<RestoreBatchItem>(staging, input.batch)) {
        signal.throwIfAborted();
        const { identifier, matched, item, changedTo } = restoreActionItem(entry, restore);
        if (!selector.matchesItem(matched)) {
          items.push(entry);
          continue;
        }
        const { itemFromBackup } = entry;
        const given = { item, itemFromBackup, restore, kubernetes: reader, log: report.logOf(identifier) };
        const result = await executeItemAction(action, given);
        if (result.failed) {
          report.error(`Error executing item action ${action.name}`, identifier, errorText(result.error));
          report.item(identifier.groupResource, item, 'failed');
        } else if (result.output.skipRestore) {
          report.info(`Skipping item: ${action.name} says so`, identifier);
        } else {
          report.additional(result.output.additionalItems ?? []);
          items.push(changedTo(result.output.updatedItem));
        }
      }
      return { batch: await writeBatch(staging, input.step, items), report: await report.write(staging, input.step) };
    },
  };
}
