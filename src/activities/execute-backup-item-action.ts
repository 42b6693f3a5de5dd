import { BowlineError, errorText } from '../api/errors.ts';
import type { BatchRef, ReportRef, Step } from '../api/run.ts';
import { readerOf } from '../kubernetes/reader.ts';
import { executeItemAction } from '../plugins/execute-item-action.ts';
import { resolveSelector } from '../selection/resource-selector.ts';
import { identify, readBatch, writeBatch, type BackupBatchItem } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { activitySignal } from './lease.ts';
import type { BackupPlan, OpenRun, Planned } from './plan.ts';
import { Report } from './report.ts';

/** An action, by its name, and the batch to run it over. */
export interface ExecuteItemActionInput extends Planned {
  readonly step: Step;
  readonly action: string;
  readonly batch: BatchRef;
}

/** What an action made of a batch. */
export interface ExecutedItemAction {
  /** The batch as the action left it; items that failed or were stopped are no longer in it. */
  readonly batch: BatchRef;
  readonly report: ReportRef;
  /** Whether items of a restore have to wait for what the action asked for. Default `false`. */
  readonly waits?: boolean;
}

/** The step of a backup that runs item actions. */
export interface ExecuteBackupItemActionActivities {
  /**
   * Runs one action over one batch. Safe to repeat: actions are idempotent, and each attempt writes a batch of its own. An
   * item that fails is left out and reported, and the others go on.
   */
  executeBackupItemAction(input: ExecuteItemActionInput): Promise<ExecutedItemAction>;
}

/** The activities over a worker's dependencies. */
export function createExecuteBackupItemAction(
  dependencies: Dependencies,
  openRun: OpenRun,
): ExecuteBackupItemActionActivities {
  const { kubernetes, now } = dependencies;
  return {
    async executeBackupItemAction(input) {
      const action = findAction(dependencies.backupItemActions, input.action);
      const { staging, plan } = await openRun<BackupPlan>(input);
      const signal = activitySignal();
      const discovery = await kubernetes.discover({ signal });
      const selector = resolveSelector(action.appliesTo, (name) => discovery.resolve(name)?.groupResource);
      const reader = readerOf(kubernetes, signal);
      const report = new Report(now);

      const items: BackupBatchItem[] = [];
      for (const entry of await readBatch<BackupBatchItem>(staging, input.batch)) {
        signal.throwIfAborted();
        const identifier = identify(entry);
        const { labels } = entry.item.metadata;
        if (!selector.matchesItem({ ...identifier, labels })) {
          items.push(entry);
          continue;
        }
        const given = { item: entry.item, backup: plan.backup, kubernetes: reader, log: report.logOf(identifier) };
        const result = await executeItemAction(action, given);
        if (result.failed) {
          report.error(`Error executing item action ${action.name}`, identifier, errorText(result.error));
          continue;
        }
        report.additional(result.output.additionalItems ?? []);
        items.push({ ...entry, item: result.output.updatedItem });
      }
      return {
        batch: await writeBatch(staging, input.step, items),
        report: await report.write(staging, input.step),
      };
    },
  };
}

/** The action of that name. @throws BowlineError `InvalidConfig` if this worker has none such: another build planned the run */
export function findAction<Action extends { readonly name: string }>(actions: readonly Action[], name: string): Action {
  const action = actions.find((candidate) => candidate.name === name);
  if (action) return action;
  throw new BowlineError(
    'InvalidConfig',
    `execute ${name}: this worker has no such action; it has ${actions.map((known) => known.name).join(', ')}`,
  );
}
