import { errorText } from '../api/errors.ts';
import { cloneJson } from '../api/json.ts';
import { readerOf } from '../kubernetes/reader.ts';
import { executeItemAction } from '../plugins/execute-item-action.ts';
import { resolveSelector } from '../selection/resource-selector.ts';
import type { Dependencies } from './dependencies.ts';
import { findAction, type ExecutedItemAction, type ExecuteItemActionInput } from './execute-backup-item-action.ts';
import { activitySignal } from './lease.ts';
import type { OpenRun, Planned, RestorePlan } from './plan.ts';
import { Report } from './report.ts';
import { resetMetadata } from './reset-metadata.ts';
import { readRestoreBatch, writeRestoreBatch, type LeftEntry } from './restore-batch.ts';
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

      const left: LeftEntry[] = [];
      for (const entry of await readRestoreBatch(staging, input.batch)) {
        signal.throwIfAborted();
        const { groupResource } = entry;
        const item = entry.item ?? resetMetadata(cloneJson(entry.itemFromBackup));
        const { name, namespace = '', labels } = item.metadata;
        const target = restore.spec.namespaceMapping?.[namespace] ?? namespace;
        if (!selector.matchesItem({ groupResource, namespace: target, labels })) {
          left.push({ entry });
          continue;
        }
        const identifier = { groupResource, namespace, name };
        const given = {
          item,
          get itemFromBackup() {
            return entry.itemFromBackup;
          },
          restore,
          kubernetes: reader,
          log: report.logOf(identifier),
        };
        const result = await executeItemAction(action, given);
        if (result.failed) {
          report.error(`Error executing item action ${action.name}`, identifier, errorText(result.error));
          report.item(groupResource, item, 'failed');
        } else if (result.output.skipRestore) {
          report.info(`Skipping item: ${action.name} says so`, identifier);
        } else {
          report.additional(result.output.additionalItems ?? []);
          left.push({ entry, item: result.output.updatedItem });
        }
      }
      return {
        batch: await writeRestoreBatch(staging, input.step, { batch: input.batch, left }),
        report: await report.write(staging, input.step),
      };
    },
  };
}
