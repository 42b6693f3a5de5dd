import type { BatchRef } from '../api/run.ts';
import { writerOf } from '../kubernetes/writer.ts';
import { executeItemAction } from '../plugins/execute-item-action.ts';
import { resolveSelector } from '../selection/resource-selector.ts';
import { readDeletionBatch } from './deletion-batch.ts';
import type { Dependencies } from './dependencies.ts';
import { findAction } from './execute-backup-item-action.ts';
import { activitySignal, assertLease } from './lease.ts';
import type { DeletionPlan, OpenRun, Planned } from './plan.ts';
import { WorkerLog, type Told } from './worker-log.ts';

/** An action, by its name, and the batch to run it over. */
export interface ExecuteDeleteItemActionInput extends Planned {
  readonly action: string;
  readonly batch: BatchRef;
}

/** The step of a deletion that runs item actions. */
export interface ExecuteDeleteItemActionActivities {
  /**
   * Runs one action over one batch. Safe to repeat: actions accept what they have done before, and write only while the attempt
   * holds its lease. An item that fails is told of in the worker's log and counted, and the others go on.
   */
  executeDeleteItemAction(input: ExecuteDeleteItemActionInput): Promise<Told>;
}

/** The activities over a worker's dependencies. */
export function createExecuteDeleteItemAction(
  { deleteItemActions, kubernetes }: Dependencies,
  openRun: OpenRun,
): ExecuteDeleteItemActionActivities {
  return {
    async executeDeleteItemAction(input) {
      const action = findAction(deleteItemActions, input.action);
      const { staging, plan } = await openRun<DeletionPlan>(input);
      const signal = activitySignal();
      const discovery = await kubernetes.discover({ signal });
      const selector = resolveSelector(action.appliesTo, (name) => discovery.resolve(name)?.groupResource);
      const writer = writerOf(kubernetes, { signal, assertMayWrite: assertLease });
      const log = new WorkerLog();

      for (const { groupResource, item } of await readDeletionBatch(staging, input.batch)) {
        signal.throwIfAborted();
        const { name, namespace = '', labels } = item.metadata;
        const identifier = { groupResource, namespace, name };
        if (!selector.matchesItem({ ...identifier, labels })) continue;
        const given = { item, backup: plan.backup, kubernetes: writer, log: log.logOf(identifier, item) };
        const result = await executeItemAction(action, given);
        if (result.failed) log.error(`Error executing item action ${action.name}`, identifier, result.error);
      }
      return log.told;
    },
  };
}
