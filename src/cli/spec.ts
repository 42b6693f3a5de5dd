import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { BackupSpec, RestoreSpec } from '../client/index.ts';
import { UsageError } from './cli.ts';
import { defined, scopedListsOf, selectionOf, type ScopedFlags, type SelectionFlags } from './flags.ts';

/** The flags of `backup create` that make its spec, as commander names them. */
export interface BackupFlags extends SelectionFlags, ScopedFlags {
  readonly orderedResources?: Readonly<Record<string, string>>;
  readonly resourcePoliciesConfigmap?: string;
  readonly snapshotVolumes?: boolean;
  readonly ttl?: string;
  readonly storageLocation?: string;
  readonly volumeSnapshotLocations?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** The flags of `restore create` that make its spec. */
export interface RestoreFlags extends SelectionFlags {
  readonly fromBackup?: string;
  readonly fromSchedule?: string;
  readonly namespaceMappings?: Readonly<Record<string, string>>;
  readonly restoreVolumes?: boolean;
  readonly preserveNodeports?: boolean;
  readonly existingResourcePolicy?: string;
  readonly statusIncludeResources?: readonly string[];
  readonly statusExcludeResources?: readonly string[];
  readonly resourceModifierConfigmap?: string;
}

/** A backup's spec: that of the file, and what the flags say instead. */
export function backupSpec(flags: BackupFlags, file: BackupSpec = {}): BackupSpec {
  const { orderedResources, snapshotVolumes, ttl, storageLocation, volumeSnapshotLocations, labels } = flags;
  const name = flags.resourcePoliciesConfigmap;
  const resourcePolicy = name === undefined ? undefined : { kind: 'configmap', name };
  const own = { orderedResources, resourcePolicy, snapshotVolumes, ttl, storageLocation, volumeSnapshotLocations };
  const metadata = labels && { ...file.metadata, labels: { ...file.metadata?.labels, ...labels } };
  return { ...file, ...selectionOf(flags), ...scopedListsOf(flags), ...defined({ ...own, metadata }) };
}

/** A restore's spec: that of the file, and what the flags say instead. */
export function restoreSpec(flags: RestoreFlags, file: RestoreSpec = {}): RestoreSpec {
  const own = {
    backupName: flags.fromBackup,
    scheduleName: flags.fromSchedule,
    namespaceMapping: flags.namespaceMappings,
    restorePVs: flags.restoreVolumes,
    preserveNodePorts: flags.preserveNodeports,
    existingResourcePolicy: flags.existingResourcePolicy,
    restoreStatus: statusResources(flags, file),
    resourceModifier: flags.resourceModifierConfigmap && { kind: 'configmap', name: flags.resourceModifierConfigmap },
  };
  return { ...file, ...selectionOf(flags), ...defined(own) };
}

function statusResources(
  { statusIncludeResources, statusExcludeResources }: RestoreFlags,
  { restoreStatus }: RestoreSpec,
): RestoreSpec['restoreStatus'] {
  if (!statusIncludeResources && !statusExcludeResources) return undefined;
  return {
    ...restoreStatus,
    ...(statusIncludeResources && { includedResources: statusIncludeResources }),
    ...(statusExcludeResources && { excludedResources: statusExcludeResources }),
  };
}

/** Reads a spec, or the one under `spec` of a whole Backup, Restore or request: its name and labels are not taken. */
export async function readSpec(file: string | undefined): Promise<object> {
  if (file === undefined) return {};
  let document: unknown;
  try {
    document = parse(await readFile(file, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`read ${file}: ${code ?? message.split('\n')[0]}`);
  }
  const spec: unknown = isObject(document) && 'spec' in document ? document.spec : document;
  if (isObject(spec)) return spec;
  throw new UsageError(`read ${file}: expected the keys and values of a spec`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
