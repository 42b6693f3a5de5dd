import type { Config, ItemActionWorker } from '../api/config.ts';
import { parseGoDuration } from '../api/duration.ts';
import { BowlineError } from '../api/errors.ts';
import type { ResourceSelector } from '../api/resource-selector.ts';
import { selectorProblems } from '../selection/resource-selector.ts';
import { importItemActions } from './item-action-module.ts';
import { itemActionLists, type HandedItemAction, type ItemActions, type Registered } from './item-action-lists.ts';
import { actionName } from './item-action-name.ts';
import type { BackupItemAction, DeleteItemAction, RestoreItemAction } from './item-action.ts';

/**
 * The actions that a configuration adds to `builtIn`, in the configuration's order. Imports the modules that it names.
 *
 * @throws BowlineError `InvalidConfig` with everything that is wrong: modules that can't be imported or export no actions, names
 * without a prefix or taken, selectors that can't be read
 */
export async function loadItemActions(sources: Config['itemActions'], builtIn: ItemActions): Promise<ItemActions> {
  const problems: string[] = [];
  const loaded: Record<keyof ItemActions, Registered<BackupItemAction | RestoreItemAction | DeleteItemAction>[]> = {
    backupItemActions: [],
    restoreItemActions: [],
    deleteItemActions: [],
  };
  for (const source of sources) {
    if ('taskQueue' in source) {
      loaded[itemActionLists[source.kind]].push(handedAction(source));
      continue;
    }
    const exported = await importItemActions(source, problems);
    for (const list of Object.values(itemActionLists))
      loaded[list].push(...exported[list].map((action) => ({ ...action, source: source.module })));
  }
  for (const [kind, list] of Object.entries(itemActionLists))
    problems.push(...nameProblems(kind, builtIn[list], loaded[list]), ...loaded[list].flatMap(unreadable));
  if (problems.length > 0) throw new BowlineError('InvalidConfig', `itemActions: ${problems.join('; ')}`);
  return loaded as ItemActions;
}

function handedAction({ name, appliesTo, taskQueue, transport, ...limits }: ItemActionWorker): HandedItemAction & {
  readonly source: string;
} {
  const [startTimeoutMs, timeoutMs] = [limits.startTimeout, limits.timeout].map((text) => parseGoDuration(text) ?? 0);
  return {
    name,
    appliesTo,
    worker: { taskQueue, startTimeoutMs: startTimeoutMs!, timeoutMs: timeoutMs!, transport, appliesTo },
    source: `task queue ${taskQueue}`,
  };
}

type Named = Registered<{ readonly name: string; readonly appliesTo: ResourceSelector }>;

function nameProblems(kind: string, builtIn: readonly Named[], loaded: readonly Named[]): string[] {
  const owners = new Map(builtIn.map(({ name }) => [name, 'a built-in one']));
  return loaded.flatMap(({ name, source = '' }) => {
    const owner = owners.get(name);
    owners.set(name, `one of ${source}`);
    if (!actionName.test(name))
      return [`${kind} ${JSON.stringify(name)} of ${source}: expected a name with a prefix, such as example.com/label`];
    return owner === undefined ? [] : [`${kind} ${name} of ${source}: ${owner} has that name`];
  });
}

function unreadable({ name, appliesTo, source }: Named): string[] {
  return selectorProblems(appliesTo).map((problem) => `${name} of ${source}: appliesTo.${problem}`);
}
