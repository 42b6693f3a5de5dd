import type { BackupRequest } from '../api/backup.ts';
import type { Config } from '../api/config.ts';
import type { RestoreRequest } from '../api/restore.ts';

/** Members of a spec that say what is done and hold no secret; hooks, which hold commands, are not among them. */
const shown: readonly string[] = [
  'backupName',
  'scheduleName',
  'includedNamespaces',
  'excludedNamespaces',
  'includedResources',
  'excludedResources',
  'includeClusterResources',
  'includedClusterScopedResources',
  'excludedClusterScopedResources',
  'includedNamespaceScopedResources',
  'excludedNamespaceScopedResources',
  'orderedResources',
  'resourcePolicy',
  'labelSelector',
  'orLabelSelectors',
  'namespaceMapping',
  'snapshotVolumes',
  'restorePVs',
  'preserveNodePorts',
  'existingResourcePolicy',
  'restoreStatus',
  'resourceModifier',
  'ttl',
  'storageLocation',
  'volumeSnapshotLocations',
];

/** What Temporal keeps of a summary and of details, in bytes, is 400 and 20,000; characters may take several. */
const [longestSummary, longestDetails] = [120, 5_000];

/** `shop, web -> s3://backups/prod`: what a backup takes, and where to. */
export function backupSummary({ spec = {} }: BackupRequest, config: Config): string {
  const to = destination(config, spec.storageLocation);
  return cut(`${namespaces(spec.includedNamespaces)}${to === undefined ? '' : ` -> ${to}`}`, longestSummary);
}

/** `shop-1 -> shop-copy`: what a restore reads, and the namespaces it goes into. */
export function restoreSummary({ spec = {}, dryRun = false }: RestoreRequest): string {
  const mapped = Object.values(spec.namespaceMapping ?? {});
  const source = spec.backupName ?? spec.scheduleName ?? 'no backup';
  const into = mapped.length > 0 ? mapped.join(', ') : namespaces(spec.includedNamespaces);
  return cut(`${dryRun ? 'dry run: ' : ''}${source} -> ${into}`, longestSummary);
}

/** A request as a Markdown list. Requests are not validated yet: any value may stand anywhere. */
export function details({ name, spec }: BackupRequest | RestoreRequest): string {
  const members = Object.entries(spec ?? {}).filter(([key, value]) => shown.includes(key) && value != null);
  return cut(
    [`**${name}**`, '', ...members.map(([key, value]) => `- ${key}: ${text(value)}`)].join('\n'),
    longestDetails,
  );
}

function namespaces(included: unknown): string {
  const all = !Array.isArray(included) || included.length === 0 || included.includes('*');
  return all ? 'all namespaces' : included.join(', ');
}

function destination({ backupStorageLocations: locations }: Config, name: string | undefined): string | undefined {
  const location = name
    ? locations.find((candidate) => candidate.name === name)
    : (locations.find((candidate) => candidate.default) ?? locations[0]);
  if (location === undefined) return undefined;
  const provider = location.provider.replace(/^velero\.io\//, '');
  const { bucket, prefix } = location.objectStorage;
  return `${provider === 'aws' ? 's3' : provider}://${[bucket, prefix].filter(Boolean).join('/')}`;
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(text).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function cut(whole: string, length: number): string {
  return whole.length <= length ? whole : `${whole.slice(0, length - 1)}…`;
}
