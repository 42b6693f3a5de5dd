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
  readonly spec: BackupSpec & { readonly hooks?: object };
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
