import { findPackageJSON, registerHooks } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ItemActionModule } from '../api/config.ts';
import type { AdditionalItemsInput, BackupItemAction, DeleteItemAction, RestoreItemAction } from './item-action.ts';
import { itemActionLists, type ItemActions } from './item-action-lists.ts';
import { checkedOutput, identityOf } from './item-action-output.ts';

type ChangingAction = BackupItemAction | RestoreItemAction;
type AnyAction = ChangingAction | DeleteItemAction;

/** What a module exports. */
type Exported = Readonly<Record<keyof ItemActions, AnyAction[]>>;

/**
 * Imports a module and takes the item actions that it exports. What they give is checked, so that a slip in one of them is an error
 * of the item. What is wrong goes to `problems`, all of it; the actions that it is wrong with are left out.
 */
export async function importItemActions(source: ItemActionModule, problems: string[]): Promise<Exported> {
  const found: Exported = { backupItemActions: [], restoreItemActions: [], deleteItemActions: [] };
  let exported: Record<string, unknown>;
  try {
    exported = await importModule(source);
  } catch (error) {
    problems.push(`import ${source.module}: ${error instanceof Error ? error.message : String(error)}`);
    return found;
  }
  const lists = Object.values(itemActionLists);
  if (lists.every((list) => exported[list] === undefined))
    problems.push(`${source.module}: it exports no item actions; expected ${lists.join(' or ')}`);
  for (const list of lists) {
    const actions = exported[list] ?? [];
    if (!Array.isArray(actions)) {
      problems.push(`${source.module}: ${list}: expected a list of item actions`);
      continue;
    }
    for (const [index, action] of actions.entries()) {
      const wrong = shapeProblems(action);
      problems.push(...wrong.map((problem) => `${source.module}: ${list}[${index}]: ${problem}`));
      if (wrong.length > 0) continue;
      found[list].push(list === 'deleteItemActions' ? (action as DeleteItemAction) : guarded(action as ChangingAction));
    }
  }
  return found;
}

/** Paths are the configuration file's; packages are looked for from there, too, and then from where the process was started. */
async function importModule({ module, folder }: ItemActionModule): Promise<Record<string, unknown>> {
  const isPath = /^\.{0,2}\//.test(module) || isAbsolute(module);
  const namespace = (await (isPath
    ? import(pathToFileURL(resolve(folder, module)).href)
    : importPackage(module, [folder, process.cwd()]))) as Record<string, unknown>;
  // What is no ES module may show its exports as the default one alone.
  const { default: fallback } = namespace;
  return { ...(typeof fallback === 'object' && fallback), ...namespace };
}

/** By itself an import looks for packages from this file; these are to be found from other folders. */
async function importPackage(name: string, folders: readonly string[]): Promise<unknown> {
  const bases = folders.map((folder) => pathToFileURL(`${folder}/`).href);
  const base = bases.find((candidate) => isInstalled(name, candidate));
  if (base === undefined) throw new Error(`no such package is installed for ${[...new Set(folders)].join(' or ')}`);
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, specifier === name ? { ...context, parentURL: base } : context),
  });
  try {
    return await import(name);
  } finally {
    hooks.deregister();
  }
}

function isInstalled(name: string, base: string): boolean {
  try {
    return findPackageJSON(name, base) !== undefined;
  } catch {
    return false;
  }
}

function shapeProblems(action: unknown): string[] {
  if (typeof action !== 'object' || action === null) return ['expected an item action'];
  const { name, appliesTo, execute } = action as Partial<AnyAction>;
  return [
    ...(typeof name === 'string' ? [] : ['name: expected text']),
    ...(typeof appliesTo === 'object' && appliesTo !== null ? [] : ['appliesTo: expected a selector']),
    ...(typeof execute === 'function' ? [] : ['execute: expected a function']),
  ];
}

/** The action with its output checked. */
function guarded(action: ChangingAction): ChangingAction {
  const { areAdditionalItemsReady } = action as Partial<RestoreItemAction>;
  return {
    name: action.name,
    appliesTo: action.appliesTo,
    ...(typeof areAdditionalItemsReady === 'function' && {
      areAdditionalItemsReady: async (input: AdditionalItemsInput) => (await areAdditionalItemsReady(input)) === true,
    }),
    async execute(input: Parameters<BackupItemAction['execute']>[0] & Parameters<RestoreItemAction['execute']>[0]) {
      // Taken first: the item is the action's to edit.
      const before = identityOf(input.item);
      return checkedOutput(await action.execute(input), before);
    },
  };
}
