import type { ResourceSelector } from '../api/resource-selector.ts';
import type { PlannedWorker } from '../api/run.ts';
import type { BackupItemAction, DeleteItemAction, RestoreItemAction } from './item-action.ts';

/** Item actions by kind, in the order in which they run. */
export interface ItemActions {
  readonly backupItemActions: readonly Registered<BackupItemAction>[];
  readonly restoreItemActions: readonly Registered<RestoreItemAction>[];
  readonly deleteItemActions: readonly (DeleteItemAction & Sourced)[];
}

/** An action as it is registered: with its code, or with the worker that runs it. */
export type Registered<Action> = (Action | HandedItemAction) & Sourced;

/** What is known of an action's origin. */
interface Sourced {
  /** The module or the task queue that it comes from; absent if it is built in. */
  readonly source?: string;
}

/** An item action that another Temporal worker runs. */
export interface HandedItemAction {
  readonly name: string;
  readonly appliesTo: ResourceSelector;
  readonly worker: PlannedWorker;
}

/** Where the actions of each of Velero's kinds are listed: here, and in the modules that bring some. */
export const itemActionLists: {
  readonly BackupItemAction: 'backupItemActions';
  readonly RestoreItemAction: 'restoreItemActions';
  readonly DeleteItemAction: 'deleteItemActions';
} = {
  BackupItemAction: 'backupItemActions',
  RestoreItemAction: 'restoreItemActions',
  DeleteItemAction: 'deleteItemActions',
};

/** No item actions. */
export const noItemActions: ItemActions = { backupItemActions: [], restoreItemActions: [], deleteItemActions: [] };
