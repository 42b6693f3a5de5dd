import type { Backup, BackupSpec } from '../api/backup.ts';
import type { Config } from '../api/config.ts';
import { parseGoDuration } from '../api/duration.ts';
import { storageLocationLabel } from '../api/labels.ts';
import type { RunRef } from '../api/run.ts';
import { formatVersion } from '../backup-format/format-version.ts';
import type { ServerVersion } from '../kubernetes/client.ts';
import { labelValue } from '../kubernetes/label-value.ts';
import { withAutomaticExcludes } from '../selection/resource-filter.ts';
import type { ResolveResource } from '../selection/resource-selector.ts';
import { timestamp } from './timestamp.ts';

/** What a Backup object is made of, beside its spec. */
export interface BackupOrigin {
  readonly run: RunRef;
  readonly config: Config;
  readonly startedAt: Date;
  readonly version: ServerVersion;
  readonly snapshotLocations: readonly string[];
  /** Namespaces that their label excludes. */
  readonly labelledNamespaces: readonly string[];
  readonly resolve: ResolveResource;
}

/** The Backup object as Velero would hold it when the backup starts: with defaults, and with what it excludes by itself. */
export function newBackup(spec: BackupSpec, origin: BackupOrigin): Backup {
  const { run, config, startedAt, version, snapshotLocations, labelledNamespaces, resolve } = origin;
  // Velero takes 0s for the default, too.
  const ttl = parseGoDuration(spec.ttl ?? '') ? spec.ttl! : config.defaultBackupTtl;
  const { includedNamespaces, excludedNamespaces = [] } = spec;
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: {
      name: run.name,
      namespace: config.namespace,
      uid: run.uid,
      creationTimestamp: timestamp(startedAt),
      labels: { ...spec.metadata?.labels, [storageLocationLabel]: labelValue(run.location) },
      annotations: {
        'velero.io/source-cluster-k8s-gitversion': version.gitVersion,
        'velero.io/source-cluster-k8s-major-version': version.major,
        'velero.io/source-cluster-k8s-minor-version': version.minor,
      },
    },
    spec: {
      ...withAutomaticExcludes(spec, resolve),
      includedNamespaces: includedNamespaces?.length ? includedNamespaces : ['*'],
      ...(labelledNamespaces.length > 0 && { excludedNamespaces: [...excludedNamespaces, ...labelledNamespaces] }),
      metadata: spec.metadata ?? {},
      hooks: spec.hooks ?? {},
      ttl,
      storageLocation: run.location,
      ...(snapshotLocations.length > 0 && { volumeSnapshotLocations: snapshotLocations }),
    },
    status: {
      version: 1,
      formatVersion,
      phase: 'InProgress',
      expiration: timestamp(new Date(startedAt.getTime() + (parseGoDuration(ttl) ?? 0))),
      startTimestamp: timestamp(startedAt),
    },
  };
}
