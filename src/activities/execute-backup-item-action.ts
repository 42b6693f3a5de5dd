import { BowlineError, errorText } from '../api/errors.ts';
import type { BatchRef, ReportRef, Step } from '../api/run.ts';
import { readerOf } from '../kubernetes/reader.ts';
import type { Registered } from '../plugins/item-action-lists.ts';
import { executeItemAction } from '../plugins/execute-item-action.ts';
import { resolveSelector } from '../selection/resource-selector.ts';
import { openBackupBatch } from './action-items.ts';
import type { BackupEntry } from './backup-batch.ts';
import type { Dependencies } from './dependencies.ts';
import { takeMarks } from './item-marks.ts';
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

      const batch = await openBackupBatch(staging, input.batch);
      const left: BackupEntry[] = [];
      for (const entry of batch.items) {
        signal.throwIfAborted();
        if (!selector.matchesItem(entry.matched)) {
          left.push(entry.asItWas);
          continue;
        }
        const { identifier, item } = entry;
        const given = { item, backup: plan.backup, kubernetes: reader, log: report.logOf(identifier, item) };
        const result = await executeItemAction(action, given);
        if (result.failed) {
          report.error(`Error executing item action ${action.name}`, identifier, errorText(result.error));
          continue;
        }
        const { updatedItem, additionalItems = [] } = result.output;
        const { skip, mustInclude } = takeMarks(updatedItem);
        if (skip) {
          report.info(`Excluding item: ${action.name} marks it`, identifier);
          continue;
        }
        report.additional(additionalItems, mustInclude);
        left.push(entry.changedTo(updatedItem));
      }
      return {
        batch: await batch.write(input.step, left),
        report: await report.write(staging, input.step),
      };
    },
  };
}

/** The action of that name. @throws BowlineError `InvalidConfig` if this worker has none such: another configuration planned the run */
export function findAction<Action extends { readonly name: string; execute(input: never): unknown }>(
  actions: readonly Registered<Action>[],
  name: string,
): Action {
  for (const action of actions) if (action.name === name && 'execute' in action) return action as Action;
  const known = actions.filter((action) => 'execute' in action).map((action) => action.name);
  throw new BowlineError(
    'InvalidConfig',
    `execute ${name}: this worker has no such action; it has ${known.join(', ')}`,
  );
}
