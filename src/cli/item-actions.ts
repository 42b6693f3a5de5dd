import type { Config } from '../client/index.ts';
import { itemActionDifferences } from '../plugins/item-action-differences.ts';
import type { ResourceSelector } from '../plugins/index.ts';
import { itemActionLists, type ItemActions, type Registered } from '../plugins/item-action-lists.ts';
import { createRegistry, loadRegistry } from '../plugins/registry.ts';
import { UsageError } from './cli.ts';
import type { CaseAction } from './item-action-case.ts';
import { structured, table, type GetFormat } from './output.ts';

/** Velero's names of the kinds, in the order in which they are listed. */
export const itemActionKinds = ['BackupItemAction', 'RestoreItemAction', 'DeleteItemAction'] as const;

/** One of Velero's kinds of item actions. */
export type ItemActionKind = (typeof itemActionKinds)[number];

/** An action as the command line sees it; only one that this program can run has the code of it. */
export type ListedAction = Registered<CaseAction & { readonly name: string; readonly appliesTo: ResourceSelector }>;

/** Every action of a kind, in the order in which they run. */
export function itemActionsOf(kind: ItemActionKind, registry: ItemActions = createRegistry()): readonly ListedAction[] {
  return registry[itemActionLists[kind]];
}

/**
 * The action of that kind and name; the configuration is asked for one that is not built in. Rejects with a `UsageError` that names the known ones, or the
 * task queue of one that runs elsewhere; with `InvalidConfig` if the actions of the configuration can't be loaded.
 */
export async function findItemAction(
  config: () => Promise<Pick<Config, 'itemActions'>>,
  kind: ItemActionKind,
  name: string,
): Promise<CaseAction> {
  const named = (candidate: ListedAction): boolean => candidate.name === name;
  const builtIn = itemActionsOf(kind).find(named);
  const actions = builtIn ? [builtIn] : itemActionsOf(kind, await loadRegistry(await config()));
  const action = actions.find(named);
  if (action === undefined) {
    const known = actions.map((candidate) => candidate.name).join(', ') || 'none';
    throw new UsageError(`no ${kind} is named ${name}; known are ${known}`);
  }
  if ('execute' in action) return action;
  throw new UsageError(
    `${name} runs in another worker, on ${action.source}, and not here; back up or restore something that it applies to`,
  );
}

/** All actions of a configuration, as `action list` prints them. Rejects with `InvalidConfig` if its own can't be loaded. */
export async function listItemActions(config: Pick<Config, 'itemActions'>, format: GetFormat): Promise<string> {
  const registry = await loadRegistry(config);
  const actions = itemActionKinds.flatMap((kind) =>
    itemActionsOf(kind, registry).map(({ name, appliesTo, source = 'built in' }) => {
      const differences = itemActionDifferences[`${kind}/${name}`] ?? [];
      return { name, kind, appliesTo, source, differences };
    }),
  );
  switch (format) {
    case 'name':
      return actions.map(({ kind, name }) => `${kind}/${name}\n`).join('');
    case 'table':
      return table(
        ['NAME', 'KIND', 'SELECTOR', 'SOURCE', 'DIFFERS FROM VELERO'],
        actions.map(({ name, kind, appliesTo, source, differences }) => [
          name,
          kind,
          resourceSelectorText(appliesTo),
          source,
          differences.join(' ') || 'no',
        ]),
      );
    case 'json':
    case 'yaml':
      return structured(actions, format);
  }
}

/** A selector in one line: `pods,jobs with app=web`. */
export function resourceSelectorText({
  includedResources = [],
  excludedResources = [],
  includedNamespaces = [],
  excludedNamespaces = [],
  labelSelector = '',
}: ResourceSelector): string {
  return [
    includedResources.join(',') || '*',
    excludedResources.length > 0 && `but ${excludedResources.join(',')}`,
    includedNamespaces.length > 0 && `in ${includedNamespaces.join(',')}`,
    excludedNamespaces.length > 0 && `not in ${excludedNamespaces.join(',')}`,
    labelSelector !== '' && `with ${labelSelector}`,
  ]
    .filter(Boolean)
    .join(' ');
}
