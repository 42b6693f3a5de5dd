import type { GroupResource } from './unstructured.ts';

/** A label selector as Kubernetes writes it in JSON. Source: `meta/v1.LabelSelector`. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelRequirement[];
}

/** One of `matchExpressions`. `values` is for `In` and `NotIn`, which need at least one. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** Which pods an entry of `hooks.resources` is about: all of its filters have to match. Default all. */
export interface HookSelector {
  /** For messages. */
  readonly name?: string;
  readonly includedNamespaces?: readonly string[] | null;
  readonly excludedNamespaces?: readonly string[] | null;
  /** Hooks of a backup run only where these let pods pass; those of a restore do not ask. */
  readonly includedResources?: readonly string[] | null;
  readonly excludedResources?: readonly string[] | null;
  readonly labelSelector?: LabelSelector | null;
}

/** A command to run in a container. */
export interface ExecHook {
  /** Default: the pod's first one. */
  readonly container?: string;
  /** Program and arguments, at least one. */
  readonly command: readonly string[];
  /** What becomes of the pod if it fails. Default `Fail` in a backup, `Continue` in a restore. */
  readonly onError?: '' | 'Continue' | 'Fail';
}

/** What to run in pods before and after their volumes are snapshotted. Source: Velero `pkg/apis/velero/v1/backup_types.go`. */
export interface BackupHooks {
  readonly resources?: readonly BackupResourceHooks[] | null;
}

/** One entry of a backup's `hooks.resources`; its hooks run in their order. */
export interface BackupResourceHooks extends HookSelector {
  readonly pre?: readonly BackupHook[] | null;
  readonly post?: readonly BackupHook[] | null;
}

/** `timeout` is a Go duration, default `30s`. */
export interface BackupHook {
  readonly exec?: (ExecHook & { readonly timeout?: string }) | null;
}

/** How many hooks were due, and how many of them failed. */
export interface HookStatus {
  readonly hooksAttempted?: number;
  readonly hooksFailed?: number;
}

/** What to back up, and how: Velero's BackupSpec. Absent members take the defaults named. Source: Velero `pkg/apis/velero/v1/backup_types.go`. */
export interface BackupSpec {
  /** Names or globs. Default all. */
  readonly includedNamespaces?: readonly string[];
  readonly excludedNamespaces?: readonly string[];
  /** Names such as `pods`, `deploy`, `deployments.apps`, or globs. Default all. */
  readonly includedResources?: readonly string[];
  readonly excludedResources?: readonly string[];
  /** Default: cluster-scoped resources only if all namespaces are included; others come as additional items. */
  readonly includeClusterResources?: boolean | null;
  /**
   * Lists by scope, instead of the three members above and not together with them. Default: all namespaced resources, and the
   * cluster-scoped ones only if all namespaces and all namespaced resources are included. `*` may be excluded.
   */
  readonly includedNamespaceScopedResources?: readonly string[];
  readonly excludedNamespaceScopedResources?: readonly string[];
  readonly includedClusterScopedResources?: readonly string[];
  readonly excludedClusterScopedResources?: readonly string[];
  /** Items to take first of their type: `{ pods: 'shop/db-0,shop/db-1', persistentvolumes: 'pv-1' }`. */
  readonly orderedResources?: Readonly<Record<string, string>>;
  /** A ConfigMap in Velero's namespace that says what becomes of which volume. */
  readonly resourcePolicy?: { readonly kind: string; readonly name: string } | null;
  readonly labelSelector?: LabelSelector | null;
  /** Items that match any of these. Not together with `labelSelector`. */
  readonly orLabelSelectors?: readonly LabelSelector[] | null;
  /** Default: snapshots where a location fits the volume. */
  readonly snapshotVolumes?: boolean | null;
  /** Go duration such as `720h0m0s`, the default. */
  readonly ttl?: string;
  /** How long a provider may take for a snapshot. Go duration; default `4h0m0s`. */
  readonly itemOperationTimeout?: string;
  readonly storageLocation?: string;
  readonly volumeSnapshotLocations?: readonly string[];
  /** Default: those that pods name in their annotations. */
  readonly hooks?: BackupHooks | null;
  /** Labels of the backup itself, and tags of its snapshots. */
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
}

/** What starts a backup: the workflow's one argument. */
export interface BackupRequest {
  /** A DNS subdomain; the workflow's id is `backup/<name>`. */
  readonly name: string;
  readonly spec?: BackupSpec;
}

/** Velero's phases as `velero-backup.json` holds them. */
export type BackupPhase =
  | 'New'
  | 'FailedValidation'
  | 'InProgress'
  | 'Completed'
  | 'PartiallyFailed'
  | 'Failed'
  | 'Deleting';

/** Velero's BackupStatus; zero counts and empty texts are left out of the file. */
export interface BackupStatus {
  readonly version: 1;
  readonly formatVersion: '1.1.0';
  readonly phase: BackupPhase;
  readonly expiration?: string;
  readonly startTimestamp?: string;
  readonly completionTimestamp?: string;
  readonly failureReason?: string;
  readonly volumeSnapshotsAttempted?: number;
  readonly volumeSnapshotsCompleted?: number;
  readonly warnings?: number;
  readonly errors?: number;
  readonly progress?: { readonly totalItems?: number; readonly itemsBackedUp?: number };
  readonly hookStatus?: HookStatus;
}

/** A backup as Velero knows it: what `velero-backup.json` holds and what item actions are handed. */
export interface Backup {
  readonly apiVersion: 'velero.io/v1';
  readonly kind: 'Backup';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: BackupSpec;
  readonly status?: BackupStatus;
}

/** A volume snapshot as `<backup>-volumesnapshots.json.gz` lists it. Source: Velero `internal/volume/snapshot.go`. */
export interface VolumeSnapshot {
  readonly spec: {
    readonly backupName: string;
    readonly backupUID: string;
    /** The volume snapshot location's name. */
    readonly location: string;
    readonly persistentVolumeName: string;
    readonly providerVolumeID: string;
    readonly volumeType: string;
    readonly volumeAZ?: string;
    readonly volumeIOPS?: number;
  };
  readonly status: { readonly providerSnapshotID?: string; readonly phase: 'New' | 'Completed' | 'Failed' };
}

/** Counts of one group-resource, for progress. */
export type Counts = Readonly<Record<GroupResource, number>>;

/** A PersistentVolume that a backup may snapshot, and what its volume info tells of it. */
export interface BackupVolume {
  readonly persistentVolume: string;
  readonly zone: string;
  readonly pvcName?: string;
  readonly pvcNamespace?: string;
  readonly reclaimPolicy: string;
  readonly labels: Readonly<Record<string, string>> | null;
  /** The first volume snapshot location that knows its volume; absent if none does, or if one could not tell. */
  readonly location?: string;
}

/** What came of a volume: a snapshot, a failure, or neither where no location fits it. */
export interface VolumeOutcome {
  readonly volume: BackupVolume;
  /** Also there, with phase `Failed`, if the provider refused to take it. */
  readonly snapshot?: VolumeSnapshot;
  /** Why there is no good snapshot: the PersistentVolume is then left out of the archive, as Velero does. */
  readonly error?: string;
}
