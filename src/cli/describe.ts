import type { Backup, BackupDescription, LabelSelector, Restore, RestoreDescription, Result } from '../client/index.ts';
import { formatLabelSelector } from '../selection/label-selector.ts';
import { usesScopedLists } from '../selection/resource-filter.ts';
import { restoredVolumeRows, volumeRows } from './describe-volumes.ts';
import { size } from './format.ts';
import { orNone } from './output.ts';
import { row, sections, type Row } from './rows.ts';
import { coloredPhase, plain, type Terminal } from './terminal.ts';

/** How a record is described. */
export interface DescribeView extends Pick<Terminal, 'color'> {
  /** Whether to name every resource and to tell all of every volume. */
  readonly details: boolean;
}

/** A backup for people, with the labels and in the order of Velero's `describe`. */
export function describeBackup(description: BackupDescription, view: DescribeView): string {
  const { record, location } = description;
  const { spec, status } = record;
  return sections([
    ...heading('backup', description, view),
    ...templateSections({ ...spec, storageLocation: location }),
    [row('Backup Format Version', status?.formatVersion ?? '<n/a>')],
    timeRows(status),
    [row('Expiration', status?.expiration ?? '<n/a>')],
    [
      ...progressRows('backed up', {
        ...status?.progress,
        done: status?.progress?.itemsBackedUp,
        run: description.run,
      }),
      ...(description.bytes === undefined ? [] : [row('Size', size(description.bytes))]),
    ],
    resourceRows(description, view),
    volumeRows(description, view.details),
    hookRows(record),
  ]);
}

/** What a backup takes, and how, by its spec. */
export function templateSections(spec: Backup['spec']): Row[][] {
  return [
    ...namespaceRows(spec),
    resourceFilterRows(spec),
    ...selectorRows(spec),
    [row('Storage Location', orNone(spec.storageLocation ?? ''))],
    [row('Velero-Native Snapshot PVs', tristate(spec.snapshotVolumes)), ...otherVolumeRows(spec)],
    [row('TTL', orNone(spec.ttl ?? ''))],
    orderRows(spec.orderedResources),
  ];
}

/** A restore for people, with the labels and in the order of Velero's `describe`. */
export function describeRestore(description: RestoreDescription, view: DescribeView): string {
  const { record } = description;
  const { spec, status } = record;
  const mappings = Object.entries(spec.namespaceMapping ?? {}).map(([from, to]) => `${from}=${to}`);
  return sections([
    ...heading('restore', description, view),
    progressRows('restored', { ...status?.progress, done: status?.progress?.itemsRestored, run: description.run }),
    timeRows(status),
    [
      row('Backup', orNone(spec.backupName ?? '')),
      ...(spec.scheduleName ? [row('Schedule', plain(spec.scheduleName))] : []),
    ],
    ...namespaceRows(spec, 'all namespaces found in the backup'),
    globalLists(spec),
    [row('Namespace mappings', orNone(mappings.join(', ')))],
    ...selectorRows(spec),
    [row('Restore PVs', tristate(spec.restorePVs))],
    restoredVolumeRows(description, view.details),
    [row('Existing Resource Policy', orNone(spec.existingResourcePolicy ?? ''))],
    [row('Preserve Service NodePorts', tristate(spec.preserveNodePorts))],
    statusRows(spec),
    configMapRows('Resource modifiers', spec.resourceModifier),
    hookRows(record),
    resourceRows(description, view),
  ]);
}

/** A spec's selector in one line, for columns too. */
export function selectorText(selector: LabelSelector | null | undefined): string {
  return orNone(selector ? formatLabelSelector(selector) : '');
}

function heading(
  kind: 'backup' | 'restore',
  { name, phase, record, run, results }: BackupDescription | RestoreDescription,
  view: DescribeView,
): Row[][] {
  const { metadata, status } = record;
  const { labels, annotations } = metadata as Backup['metadata'];
  const { resourcePolicy } = record.spec as Backup['spec'];
  const hint = ['Failed', 'PartiallyFailed'].includes(phase)
    ? ` (run \`bowline ${kind} logs ${plain(name)}\` for more)`
    : '';
  return [
    [
      row('Name', plain(name)),
      row('Namespace', orNone(metadata.namespace ?? '')),
      row('Labels', pairsOf(labels)),
      row('Annotations', pairsOf(annotations)),
    ],
    [
      row('Phase', `${coloredPhase(phase, view)}${hint}`),
      ...(status?.failureReason === undefined ? [] : [row('Failure Reason', plain(status.failureReason))]),
      ...(run === undefined ? [] : [row('Step', plain(run.step))]),
      ...(run?.pausedSince === undefined ? [] : [row('Paused Since', plain(run.pausedSince))]),
    ],
    configMapRows('Resource policies', resourcePolicy),
    resultRows('Errors', status?.errors, results?.errors),
    resultRows('Warnings', status?.warnings, results?.warnings),
  ];
}

function statusRows({ restoreStatus: status }: Restore['spec']): Row[] {
  if (!status) return [];
  const { includedResources: included = [], excludedResources: excluded = [] } = status;
  return [{ label: 'Restored status', below: [row('Included', names(included)), row('Excluded', names(excluded))] }];
}

function configMapRows(
  label: string,
  config: { readonly kind: string; readonly name: string } | undefined | null,
): Row[] {
  return config?.name ? [{ label, below: [row('Type', plain(config.kind)), row('Name', plain(config.name))] }] : [];
}

/** The count, and what they are: Velero's own, the cluster's, and each namespace's. */
function resultRows(label: string, total = 0, result: Result = {}): Row[] {
  const { velero = [], cluster = [], namespaces = {} } = result;
  const places = Object.entries(namespaces);
  if (velero.length + cluster.length + places.length === 0) return [row(label, String(total))];
  const texts = (of: readonly string[]): string => (of.length === 0 ? '<none>' : of.map(plain).join('\n'));
  const below = [
    row('Velero', texts(velero)),
    row('Cluster', texts(cluster)),
    places.length === 0
      ? row('Namespaces', '<none>')
      : { label: 'Namespaces', below: places.map(([namespace, of]) => row(plain(namespace), texts(of))) },
  ];
  return [{ label, value: String(total), below }];
}

function namespaceRows(spec: Backup['spec'] | Restore['spec'], all = '*'): Row[][] {
  const { includedNamespaces: included = [], excludedNamespaces: excluded = [] } = spec;
  const takesAll = included.length === 0 || included.includes('*');
  return [
    [
      {
        label: 'Namespaces',
        below: [row('Included', takesAll ? all : names(included)), row('Excluded', names(excluded))],
      },
    ],
  ];
}

function resourceFilterRows(spec: Backup['spec']): Row[] {
  if (!usesScopedLists(spec)) return globalLists(spec);
  const below = [
    row('Included cluster-scoped', names(spec.includedClusterScopedResources)),
    row('Excluded cluster-scoped', names(spec.excludedClusterScopedResources)),
    row('Included namespace-scoped', names(spec.includedNamespaceScopedResources, '*')),
    row('Excluded namespace-scoped', names(spec.excludedNamespaceScopedResources)),
  ];
  return [{ label: 'Resources', below }];
}

function globalLists(spec: Backup['spec'] | Restore['spec']): Row[] {
  const cluster = { true: 'included', false: 'excluded', auto: 'auto' }[tristate(spec.includeClusterResources)];
  const below = [
    row('Included', names(spec.includedResources, '*')),
    row('Excluded', names(spec.excludedResources)),
    row('Cluster-scoped', cluster),
  ];
  return [{ label: 'Resources', below }];
}

function selectorRows(spec: Backup['spec'] | Restore['spec']): Row[][] {
  const ors = (spec.orLabelSelectors ?? []).map(formatLabelSelector).join(' or ');
  return [[row('Label selector', selectorText(spec.labelSelector))], [row('Or label selector', orNone(ors))]];
}

/** What Velero's own backups say of ways that Bowline has not got. */
function otherVolumeRows(spec: Backup['spec']): Row[] {
  const { defaultVolumesToFsBackup, snapshotMoveData, datamover } = spec as Record<
    string,
    boolean | string | undefined
  >;
  return [
    ...(defaultVolumesToFsBackup == null
      ? []
      : [row('File System Backup (Default)', String(defaultVolumesToFsBackup))]),
    ...(snapshotMoveData == null ? [] : [row('Snapshot Move Data', String(snapshotMoveData))]),
    ...(datamover ? [row('Data Mover', plain(String(datamover)))] : []),
  ];
}

function orderRows(ordered: Backup['spec']['orderedResources']): Row[] {
  const below = Object.entries(ordered ?? {}).map(([type, items]) => row(plain(type), plain(items)));
  return below.length === 0 ? [] : [{ label: 'OrderedResources', below }];
}

function timeRows(status: Backup['status'] | Restore['status']): Row[] {
  return [row('Started', status?.startTimestamp || '<n/a>'), row('Completed', status?.completionTimestamp ?? '<n/a>')];
}

function progressRows(
  done: string,
  progress: {
    readonly totalItems?: number | undefined;
    readonly done: number | undefined;
    readonly run: object | undefined;
  },
): Row[] {
  const [total, soFar] = progress.run
    ? [`Estimated total items to be ${done}`, `Items ${done} so far`]
    : [`Total items to be ${done}`, `Items ${done}`];
  return [row(total, String(progress.totalItems ?? 0)), row(soFar, String(progress.done ?? 0))];
}

function resourceRows({ resources }: BackupDescription | RestoreDescription, { details }: DescribeView): Row[] {
  if (resources === undefined) return [];
  const types = Object.entries(resources);
  if (types.length === 0) return [row('Resource List', '<none>')];
  const below = types.map(([type, items]): Row =>
    details
      ? { label: plain(type), lines: items.map((item) => `- ${plain(item)}`) }
      : row(plain(type), String(items.length)),
  );
  return [{ label: 'Resource List', below }];
}

function hookRows({ status }: Backup | Restore): Row[] {
  const { hooksAttempted, hooksFailed } = status?.hookStatus ?? {};
  if (hooksAttempted === undefined) return [];
  return [row('HooksAttempted', String(hooksAttempted)), row('HooksFailed', String(hooksFailed ?? 0))];
}

function pairsOf(labels: Readonly<Record<string, string>> | undefined): string {
  return (
    Object.entries(labels ?? {})
      .map(([key, value]) => plain(`${key}=${value}`))
      .join('\n') || '<none>'
  );
}

function names(list: readonly string[] | undefined, none = '<none>'): string {
  return list === undefined || list.length === 0 ? none : plain(list.join(', '));
}

function tristate(value: boolean | null | undefined): 'auto' | 'true' | 'false' {
  return value == null ? 'auto' : value ? 'true' : 'false';
}
