import type { Backup, BackupDescription, LabelSelector, Restore, RestoreDescription, Result } from '../client/index.ts';
import { formatLabelSelector } from '../selection/label-selector.ts';
import { size } from './format.ts';
import { orNone } from './output.ts';
import { coloredPhase, plain, type Terminal } from './terminal.ts';

/** A label and its value; lines of more detail are indented below it. */
type Row = readonly [label: string, value: string, below?: readonly string[]];

/** A backup for people, with the labels and in the order of Velero's `describe`. */
export function describeBackup(description: BackupDescription, terminal: Pick<Terminal, 'color'>): string {
  const { record, location } = description;
  const { spec, status } = record;
  return sections([
    ...heading(description, terminal),
    ...selectionRows(spec),
    [['Storage Location', orNone(location)]],
    [['Velero-Native Snapshot PVs', tristate(spec.snapshotVolumes)]],
    [['TTL', orNone(spec.ttl ?? '')]],
    [['Backup Format Version', status?.formatVersion ?? '<n/a>']],
    [
      ['Started', status?.startTimestamp || '<n/a>'],
      ['Completed', status?.completionTimestamp ?? '<n/a>'],
      ['Expiration', status?.expiration ?? '<n/a>'],
    ],
    [
      [
        description.run ? 'Estimated total items to be backed up' : 'Total items to be backed up',
        count(status?.progress?.totalItems),
      ],
      [description.run ? 'Items backed up so far' : 'Items backed up', count(status?.progress?.itemsBackedUp)],
      ...(description.bytes === undefined ? [] : [['Size', size(description.bytes)] as const]),
    ],
    resourceRows(description),
    [snapshotRow(description)],
    hookRows(record),
  ]);
}

/** A restore for people, with the labels and in the order of Velero's `describe`. */
export function describeRestore(description: RestoreDescription, terminal: Pick<Terminal, 'color'>): string {
  const { record } = description;
  const { spec, status } = record;
  const mappings = Object.entries(spec.namespaceMapping ?? {}).map(([from, to]) => `${from}=${to}`);
  return sections([
    ...heading(description, terminal),
    [
      [
        description.run ? 'Estimated total items to be restored' : 'Total items to be restored',
        count(status?.progress?.totalItems),
      ],
      [description.run ? 'Items restored so far' : 'Items restored', count(status?.progress?.itemsRestored)],
    ],
    [
      ['Started', status?.startTimestamp || '<n/a>'],
      ['Completed', status?.completionTimestamp ?? '<n/a>'],
    ],
    [
      ['Backup', orNone(spec.backupName ?? '')],
      ...(spec.scheduleName ? [['Schedule', plain(spec.scheduleName)] as const] : []),
    ],
    ...selectionRows(spec),
    [['Namespace mappings', orNone(mappings.join(', '))]],
    [['Restore PVs', tristate(spec.restorePVs)]],
    [['Preserve Service NodePorts', tristate(spec.preserveNodePorts)]],
    [['Existing Resource Policy', orNone(spec.existingResourcePolicy ?? '')]],
    statusRows(spec),
    spec.resourceModifier ? [['Resource modifier', plain(spec.resourceModifier.name)]] : [],
    hookRows(record),
    resourceRows(description),
  ]);
}

/** A spec's selector in one line, for columns too. */
export function selectorText(selector: LabelSelector | null | undefined): string {
  return orNone(selector ? formatLabelSelector(selector) : '');
}

function heading(
  { name, phase, record, run, results }: BackupDescription | RestoreDescription,
  terminal: Pick<Terminal, 'color'>,
): Row[][] {
  const { metadata, status } = record;
  const { labels, annotations } = metadata as Backup['metadata'];
  return [
    [
      ['Name', plain(name)],
      ['Namespace', orNone(metadata.namespace ?? '')],
      ['Labels', ...firstAndBelow(pairsOf(labels))],
      ['Annotations', ...firstAndBelow(pairsOf(annotations))],
    ],
    [
      ['Phase', coloredPhase(phase, terminal)],
      ...(status?.failureReason === undefined ? [] : [['Failure Reason', plain(status.failureReason)] as const]),
      ...(run === undefined ? [] : [['Step', plain(run.step)] as const]),
    ],
    [resultRow('Errors', status?.errors, results?.errors), resultRow('Warnings', status?.warnings, results?.warnings)],
  ];
}

function selectionRows(spec: Backup['spec'] | Restore['spec']): Row[][] {
  const ors = (spec.orLabelSelectors ?? []).map(formatLabelSelector).join(' or ');
  const cluster = { true: 'included', false: 'excluded', auto: 'auto' }[tristate(spec.includeClusterResources)];
  return [
    [['Namespaces', '', lists(spec.includedNamespaces, spec.excludedNamespaces)]],
    [['Resources', '', [...lists(spec.includedResources, spec.excludedResources), `Cluster-scoped:  ${cluster}`]]],
    [
      ['Label selector', selectorText(spec.labelSelector)],
      ['Or label selector', orNone(ors)],
    ],
  ];
}

function statusRows({ restoreStatus: status }: Restore['spec']): Row[] {
  return status ? [['Restored Status', '', lists(status.includedResources, status.excludedResources)]] : [];
}

function lists(included: readonly string[] | undefined, excluded: readonly string[] | undefined): string[] {
  return [`Included:  ${orNone(included?.join(', ') || '*')}`, `Excluded:  ${orNone(excluded?.join(', ') ?? '')}`];
}

function resultRow(label: string, total: number | undefined, result: Result | undefined): Row {
  const namespaces = Object.entries(result?.namespaces ?? {});
  const below = [
    ...(result?.velero ?? []).map((line) => `Velero:  ${line}`),
    ...(result?.cluster ?? []).map((line) => `Cluster:  ${line}`),
    ...namespaces.flatMap(([namespace, texts]) => texts.map((line) => `${namespace}:  ${line}`)),
  ];
  return [label, String(total ?? 0), below.map(plain)];
}

function resourceRows({ resources }: BackupDescription | RestoreDescription): Row[] {
  if (resources === undefined) return [];
  const below = Object.entries(resources).map(([type, names]) => `${type}:  ${names.length}`);
  return [['Resource List', below.length === 0 ? '<none>' : '', below.map(plain)]];
}

function snapshotRow({ volumeSnapshots = [] }: BackupDescription): Row {
  const below = volumeSnapshots.map(({ spec, status }) =>
    [
      `${spec.persistentVolumeName}:  ${status.providerSnapshotID ?? status.phase}`,
      spec.volumeType && `type ${spec.volumeType}`,
      spec.volumeAZ && `zone ${spec.volumeAZ}`,
      spec.volumeIOPS && `IOPS ${spec.volumeIOPS}`,
    ]
      .filter(Boolean)
      .join(', '),
  );
  return ['Velero-Native Snapshots', below.length === 0 ? '<none included>' : '', below.map(plain)];
}

function hookRows({ status }: Backup | Restore): Row[] {
  const { hooksAttempted, hooksFailed } = status?.hookStatus ?? {};
  if (hooksAttempted === undefined) return [];
  return [
    ['HooksAttempted', String(hooksAttempted)],
    ['HooksFailed', count(hooksFailed)],
  ];
}

function pairsOf(labels: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(labels ?? {}).map(([key, value]) => plain(`${key}=${value}`));
}

function firstAndBelow(texts: readonly string[]): readonly [string, readonly string[]] {
  return texts.length > 1 ? ['', texts] : [texts[0] ?? '<none>', []];
}

function tristate(value: boolean | null | undefined): 'auto' | 'true' | 'false' {
  return value == null ? 'auto' : value ? 'true' : 'false';
}

function count(value: number | undefined): string {
  return String(value ?? 0);
}

/** Sections with an empty line between them; the values of one stand below each other. */
function sections(all: readonly (readonly Row[])[]): string {
  return all
    .filter((rows) => rows.length > 0)
    .map((rows) => {
      const width = Math.max(...rows.map(([label]) => label.length)) + 3;
      return rows
        .flatMap(([label, value, below = []]) => [
          `${`${label}:`.padEnd(width)}${value}`.trimEnd(),
          ...below.map((line) => `  ${line}`),
        ])
        .join('\n');
    })
    .join('\n\n')
    .concat('\n');
}
