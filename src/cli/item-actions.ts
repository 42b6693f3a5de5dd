import { itemActionDifferences } from '../plugins/item-action-differences.ts';
import type { ResourceSelector } from '../plugins/index.ts';
import { createRegistry } from '../plugins/registry.ts';
import { UsageError } from './cli.ts';
import type { CaseAction } from './item-action-case.ts';
import { structured, table, type GetFormat } from './output.ts';

/** Velero's names of the kinds, in the order in which they are listed. */
export const itemActionKinds = ['BackupItemAction', 'RestoreItemAction', 'DeleteItemAction'] as const;

/** One of Velero's kinds of item actions. */
export type ItemActionKind = (typeof itemActionKinds)[number];

/** An action as the command line sees it. */
export interface ListedAction extends CaseAction {
  readonly name: string;
  readonly appliesTo: ResourceSelector;
}

/** Every action of a kind, in the order in which they run. */
export function itemActionsOf(kind: ItemActionKind): readonly ListedAction[] {
  const { backupItemActions, restoreItemActions, deleteItemActions } = createRegistry();
  return {
    BackupItemAction: backupItemActions,
    RestoreItemAction: restoreItemActions,
    DeleteItemAction: deleteItemActions,
  }[kind];
}

/** The action of that kind and name. @throws UsageError naming the known ones */
export function findItemAction(kind: ItemActionKind, name: string): ListedAction {
  const actions = itemActionsOf(kind);
  const action = actions.find((candidate) => candidate.name === name);
  if (action) return action;
  const known = actions.map((candidate) => candidate.name).join(', ') || 'none';
  throw new UsageError(`no ${kind} is named ${name}; known are ${known}`);
}

/** All actions, as `action list` prints them. */
export function listItemActions(format: GetFormat): string {
  const actions = itemActionKinds.flatMap((kind) =>
    itemActionsOf(kind).map(({ name, appliesTo }) => {
      const differences = itemActionDifferences[`${kind}/${name}`] ?? [];
      return { name, kind, appliesTo, source: 'built in', differences };
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
