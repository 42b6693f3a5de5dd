import type { Backup } from '../api/backup.ts';
import { errorText } from '../api/errors.ts';
import { cloneJson, isRawNumber, parseJson } from '../api/json.ts';
import type { Restore } from '../api/restore.ts';
import type { ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import { executeItemAction } from '../plugins/execute-item-action.ts';
import type { ItemLog, KubernetesReader } from '../plugins/index.ts';
import { caseReader, refuserOf, type CaseCluster } from './case-cluster.ts';
import { effectsWriter, type Effect } from './case-writer.ts';
import { UsageError } from './cli.ts';

/** An item, and all that an action may ask when it is run on it. */
export interface ItemActionCase extends CaseCluster {
  /** Told with the action's log lines. */
  readonly id?: string;
  readonly item: Unstructured;
  /** Default: `item`. */
  readonly itemFromBackup?: Unstructured;
  /** Default: one with an empty spec. */
  readonly backup?: Backup;
  readonly restore?: Restore;
}

/** What came of a case, in the shape of Velero's plugin protocol. */
export interface CaseResult {
  /** `null` if the action failed, or is of a kind that gives no item back. */
  readonly item: Unstructured | null;
  readonly additionalItems: readonly {
    readonly group: string;
    readonly resource: string;
    readonly namespace: string;
    readonly name: string;
  }[];
  readonly skipRestore: boolean;
  readonly error: string | null;
  /** What an action of a deletion would have changed in the cluster; absent if nothing. */
  readonly effects?: readonly Effect[];
}

/** An action of any kind, as far as a case goes. */
export interface CaseAction {
  execute(input: never): Promise<CaseOutput | void>;
}

/** What an action gives; one of a deletion gives nothing. */
interface CaseOutput {
  readonly updatedItem: Unstructured;
  readonly additionalItems?: readonly ResourceIdentifier[];
  readonly skipRestore?: boolean;
}

const metadata = { name: 'case', namespace: 'velero', uid: '00000000-0000-4000-8000-000000000000' };
const backup: Backup = { apiVersion: 'velero.io/v1', kind: 'Backup', metadata, spec: {} };
const restore: Restore = { apiVersion: 'velero.io/v1', kind: 'Restore', metadata, spec: {} };

/** What a case's own backup or restore leaves out counts as empty; but for the namespace, where the configuration of actions is. */
const unnamed = { name: '', namespace: metadata.namespace, uid: '' };

/** Reads a case, or several in a list. @throws UsageError with all that is wrong, by the case's place in the list */
export function parseCases(text: string): ItemActionCase | ItemActionCase[] {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch (error) {
    throw new UsageError(`the case is no JSON: ${(error as Error).message}`);
  }
  const problems = Array.isArray(parsed)
    ? parsed.flatMap((one, index) => problemsOf(one).map((problem) => `[${index}].${problem}`))
    : problemsOf(parsed);
  if (problems.length > 0) throw new UsageError(...problems);
  return parsed as ItemActionCase | ItemActionCase[];
}

/**
 * Runs an action on a copy of a case's item, whether its selector matches it or not. Rejects only if a live cluster does not
 * answer. Reads the case's own cluster unless `kubernetes` is given, and writes to neither.
 */
export async function runCase(
  action: CaseAction,
  given: ItemActionCase,
  { log, kubernetes = caseReader(given) }: { readonly log: ItemLog; readonly kubernetes?: KubernetesReader },
): Promise<CaseResult> {
  if (!given.item.kind) return failed('the item has no kind');
  // An object without metadata reaches no action but here; Velero's take it for an empty one.
  const [item, itemFromBackup] = [given.item, given.itemFromBackup ?? given.item].map((object) =>
    cloneJson(object.metadata == null ? { ...object, metadata: {} as Unstructured['metadata'] } : object),
  );
  const effects: Effect[] = [];
  const input = {
    item: item!,
    itemFromBackup: itemFromBackup!,
    backup: completed(given.backup ?? backup),
    restore: completed(given.restore ?? restore),
    kubernetes: effectsWriter(kubernetes, { effects, refuse: refuserOf(given) }),
    log,
  };
  const result = await executeItemAction<typeof input, CaseOutput | void>(action, input);
  const told = effects.length > 0 ? { effects } : {};
  if (result.failed) return { ...failed(errorText(result.error)), ...told };
  const { updatedItem = null, additionalItems = [], skipRestore = false } = result.output ?? {};
  return { item: updatedItem, additionalItems: additionalItems.map(asVelero), skipRestore, error: null, ...told };
}

function completed<T extends Backup | Restore>(run: T): T {
  return { ...run, metadata: { ...unnamed, ...run.metadata }, spec: run.spec ?? {} };
}

function failed(error: string): CaseResult {
  return { item: null, additionalItems: [], skipRestore: false, error };
}

function asVelero({ groupResource, namespace, name }: ResourceIdentifier): CaseResult['additionalItems'][number] {
  const [resource = '', ...group] = groupResource.split('.');
  return { group: group.join('.'), resource, namespace, name };
}

function problemsOf(given: unknown): string[] {
  if (!isObject(given)) return ['expected a case: an object with an item'];
  const { item, itemFromBackup, backup, restore, cluster, apiGroups, apiErrors } = given;
  const objects = { item, itemFromBackup: itemFromBackup ?? item, backup: backup ?? {}, restore: restore ?? {} };
  const lists = { cluster: cluster ?? [], apiGroups: apiGroups ?? [], apiErrors: apiErrors ?? [] };
  const isOf = { cluster: isKubernetesObject, apiGroups: isObject, apiErrors: isObject };
  return [
    ...Object.entries(objects).flatMap(([key, value]) => (isObject(value) ? [] : `${key}: expected an object`)),
    ...Object.entries(lists).flatMap(([key, value]) =>
      Array.isArray(value) && value.every(isOf[key as keyof typeof isOf]) ? [] : `${key}: expected a list of objects`,
    ),
  ];
}

function isKubernetesObject(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    isObject(value['metadata'])
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}
