import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import type { Discovery } from '../kubernetes/discovery.ts';
import type { BackupItemAction } from '../plugins/item-action.ts';
import type { Registered } from '../plugins/item-action-lists.ts';
import { concerns } from '../selection/planned-action.ts';
import { resolveSelector } from '../selection/resource-selector.ts';
import type { Dependencies } from './dependencies.ts';
import { bearsMarks } from './item-marks.ts';
import type { BackupPlan } from './plan.ts';

/** Whether an item goes through steps of its own before it is archived: an action's, or a volume's. */
export type IsStaged = (groupResource: GroupResource, item: Unstructured) => boolean;

type Wants = (item: Unstructured) => boolean;

/** `IsStaged` for one backup. An action that this worker does not have is for the step to tell that is to run it. */
export function createIsStaged(
  { backupItemActions }: Pick<Dependencies, 'backupItemActions'>,
  { actions }: Pick<BackupPlan, 'actions'>,
  discovery: Discovery,
): IsStaged {
  const wantedBy = new Map<GroupResource, readonly Wants[]>();
  const wantsOf = (groupResource: GroupResource): readonly Wants[] =>
    actions
      .filter((action) => concerns(action, { groupResources: [groupResource] }))
      .map(({ name }) =>
        wantsFor(
          groupResource,
          backupItemActions.find((action) => action.name === name),
        ),
      );

  function wantsFor(groupResource: GroupResource, action: Registered<BackupItemAction> | undefined): Wants {
    if (action === undefined) return () => true;
    const selector = resolveSelector(action.appliesTo, (name) => discovery.resolve(name)?.groupResource);
    const mayConcern = concernOf(action);
    return (item) => {
      const { namespace = '', labels } = item.metadata;
      const isMatched = selector.matchesItem({ groupResource, namespace, labels });
      return isMatched && (bearsMarks(item) || mayConcern(item));
    };
  }

  return (groupResource, item) => {
    if (groupResource === 'persistentvolumes') return true;
    let wants = wantedBy.get(groupResource);
    if (wants === undefined) wantedBy.set(groupResource, (wants = wantsOf(groupResource)));
    return wants.some((wantsIt) => wantsIt(item));
  };
}

/** An action that fails at the question fails at the item, too, and is to tell so where that is reported. */
function concernOf(action: Registered<BackupItemAction>): Wants {
  return (item) => {
    try {
      return !('concerns' in action) || (action.concerns?.(item) ?? true);
    } catch {
      return true;
    }
  };
}
