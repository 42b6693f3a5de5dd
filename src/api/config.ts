import type { BackupStorageLocation, VolumeSnapshotLocation } from './locations.ts';

/** The configuration of workers, clients and the command line: `bowline.yaml` and the variables that override it. */
export interface Config {
  readonly temporal: {
    /** Default `127.0.0.1:7233`. Variable `TEMPORAL_ADDRESS`. */
    readonly address: string;
    /** Default `default`. Variable `TEMPORAL_NAMESPACE`. */
    readonly namespace: string;
    /** Default `bowline`. */
    readonly taskQueue: string;
    /** Before every workflow id, where one Temporal namespace serves several clusters. Default none. */
    readonly idPrefix: string;
    /** Variable `TEMPORAL_API_KEY`. */
    readonly apiKey?: string;
    /** Whether to use TLS. Default: only with an API key. */
    readonly tls?: boolean;
  };
  readonly kubernetes: {
    /** A file. Default: as kubectl finds it, or the pod's own account. */
    readonly kubeconfig?: string;
    /** Default: the file's current one. */
    readonly context?: string;
  };
  /** Velero's own namespace, in records and for its plugins' ConfigMaps. Default `velero`. */
  readonly namespace: string;
  readonly backupStorageLocations: readonly BackupStorageLocation[];
  readonly volumeSnapshotLocations: readonly VolumeSnapshotLocation[];
  /** The storage location that holds staging. Default: the run's own. */
  readonly staging?: string;
  /** A batch ends at this many items (default 500, at most 500) or bytes of JSON (default 4 MiB). */
  readonly batch: { readonly items: number; readonly bytes: number };
  readonly concurrency: {
    /** Batches that one run works on at the same time. Default 8. */
    readonly batches: number;
    /** Requests to the API server that one worker has in flight when it creates or fetches items. Default 32. */
    readonly requests: number;
    /** Lists read ahead. Default 4. */
    readonly lists: number;
    /** Volumes that one run provisions at the same time. Default 20. */
    readonly volumes: number;
  };
  /** Go duration. Default `720h0m0s`. */
  readonly defaultBackupTtl: string;
  /** How long a run that can't begin goes on trying to reach the cluster and the store. Go duration. Default `10m0s`. */
  readonly outOfReachTimeout: string;
  /** As Velero's flag `--restore-resource-priorities` has them (`parseResourcePriorities`). Default, and for `''`: Velero's own. */
  readonly restoreResourcePriorities: string;
}
