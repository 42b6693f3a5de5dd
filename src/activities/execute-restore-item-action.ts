import { errorText } from '../api/errors.ts';
import { cloneJson } from '../api/json.ts';
import { targetNamespace } from '../api/restore.ts';
import { readerOf } from '../kubernetes/reader.ts';
import { executeItemAction } from '../plugins/execute-item-action.ts';
import { resolveSelector } from '../selection/resource-selector.ts';
import { readBatch, writeBatch, type RestoreBatchItem } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { findAction, type ExecutedItemAction, type ExecuteItemActionInput } from './execute-backup-item-action.ts';
import { activitySignal } from './lease.ts';
import type { OpenRun, Planned, RestorePlan } from './plan.ts';
import { Report } from './report.ts';
import { resetMetadata } from './reset-metadata.ts';
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
      let waits = false;
      for (const entry of await readBatch<RestoreBatchItem>(staging, input.batch)) {
        signal.throwIfAborted();
        const { groupResource, itemFromBackup } = entry;
        const item = entry.item ?? resetMetadata(cloneJson(itemFromBackup));
        const { name, namespace = '', labels } = item.metadata;
        const target = targetNamespace(restore.spec, namespace);
        if (!selector.matchesItem({ groupResource, namespace: target, labels })) {
          items.push(entry);
          continue;
        }
        const identifier = { groupResource, namespace, name };
        const given = { item, itemFromBackup, restore, kubernetes: reader, log: report.logOf(identifier) };
        const result = await executeItemAction(action, given);
        if (result.failed) {
          const error = errorText(result.error);
          if (plan.dryRun) report.change({ ...identifier, action: 'refused', reason: `${action.name}: ${error}` });
          else report.error(`Error executing item action ${action.name}`, identifier, error);
          report.item(groupResource, item, 'failed');
        } else if (result.output.skipRestore) {
          const reason = `${action.name} says so`;
          if (plan.dryRun) report.change({ ...identifier, action: 'skip', reason });
          else report.info(`Skipping item: ${reason}`, identifier);
        } else {
          const { additionalItems = [], updatedItem, ...waiting } = result.output;
          report.additional(additionalItems);
          if (waiting.waitForAdditionalItems) {
            waits = true;
            const timeout = waiting.additionalItemsReadyTimeout;
            const about = { action: action.name, item: identifier, items: additionalItems };
            report.add({ type: 'wait', ...about, ...(timeout !== undefined && { timeout }) });
          }
          items.push({ groupResource, itemFromBackup, item: updatedItem });
        }
      }
      const batch = await writeBatch(staging, input.step, items);
      return { batch, report: await report.write(staging, input.step), ...(waits && { waits }) };
    },
  };
}
