import type { HandedKind } from './handed-batch.ts';
import type { ListenAddress } from './listen-address.ts';
import type { BackupStorageLocation, VolumeSnapshotLocation } from './locations.ts';
import type { NotificationTarget } from './notification.ts';
import type { ResourceSelector } from './resource-selector.ts';

/** What a worker's log may be limited to, the most talkative first. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

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
    /** Whether to use TLS, and with which certificates. Default: only with an API key. */
    readonly tls?: boolean | TemporalTls;
    /** gRPC headers of every request. */
    readonly metadata?: Readonly<Record<string, string>>;
    /** Which build of which deployment a worker is: runs stay with the build that began them. Default: unversioned. */
    readonly versioning?: { readonly deployment: string; readonly buildId: string };
    /** A file with the workflows, bundled: `npm run build` makes one. Default: the package's own; where that has none, the sources. */
    readonly workflowBundle?: string;
    /** Encrypts what goes into histories. Default: nothing is encrypted. */
    readonly codec?: {
      /** A file of AES-256 keys in base64, one a line: the first encrypts, the others are older ones that still decrypt. */
      readonly keyFile: string;
    };
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
  /** Actions beyond the built-in ones, in the order in which they run after these. */
  readonly itemActions: readonly (ItemActionModule | ItemActionWorker)[];
  /** Where a worker answers `/healthz`, `/readyz` and `/metrics`. Default: nowhere. */
  readonly health?: { readonly listen: ListenAddress };
  /** Where a worker shows the metrics of Temporal's SDK, in Prometheus' format, under `/metrics`. Default: nowhere. */
  readonly metrics?: { readonly listen: ListenAddress };
  /** Who is told of the ends of runs. */
  readonly notifications: readonly NotificationTarget[];
  /** Go duration. Default `720h0m0s`. */
  readonly defaultBackupTtl: string;
  /** What `expireBackups` does. */
  readonly expiry: {
    /** Whether the last good backup of a schedule goes, too, when its time has passed. Default `false`. */
    readonly removeLast: boolean;
    /** For how long nothing may have changed of what a run left that was cut off, until it is removed. Go duration. Default `24h0m0s`. */
    readonly sweepAfter: string;
  };
  /** How long a provider may take for a snapshot or a volume, where a spec says nothing of it. Go duration. Default `4h0m0s`. */
  readonly defaultItemOperationTimeout: string;
  /** How long a restore waits for what is being released or deleted in the cluster, or has to be ready. Go duration. Default `10m0s`. */
  readonly resourceTimeout: string;
  /** How long a run that can't begin goes on trying to reach the cluster and the store. Go duration. Default `10m0s`. */
  readonly outOfReachTimeout: string;
  /** As Velero's flag `--restore-resource-priorities` has them (`parseResourcePriorities`). Default, and for `''`: Velero's own. */
  readonly restoreResourcePriorities: string;
  /** Where spans of runs and of their calls are sent. Default: where OpenTelemetry's variables say, else nowhere. */
  readonly tracing?: {
    /** An OTLP receiver, with its path. */
    readonly url: string;
    /** Of each request; they may be secrets. */
    readonly headers: Readonly<Record<string, string>>;
    /** Default `bowline`. */
    readonly serviceName: string;
  };
  /** What a worker logs. Default level `info`. */
  readonly log?: { readonly level: (typeof logLevels)[number] };
}

/** What Temporal's server is known by, and what it knows its clients by. PEM. */
export interface TemporalTls {
  /** The name that the server's certificate has to bear. Default: that of the address. */
  readonly serverNameOverride?: string;
  /** Who has signed the server's certificate. Default: whom the system trusts. */
  readonly serverRootCACertificate?: Uint8Array;
  readonly clientCertPair?: { readonly crt: Uint8Array; readonly key: Uint8Array };
}

/** A module whose exports are item actions, for the worker to import. */
export interface ItemActionModule {
  /** A path from `folder`, beginning with `.` or `/`, or the name of a package. */
  readonly module: string;
  /** The configuration file's. */
  readonly folder: string;
}

/** An item action that another Temporal worker runs. */
export interface ItemActionWorker {
  /** Where that worker listens. */
  readonly taskQueue: string;
  readonly kind: HandedKind;
  /** With a prefix, such as `example.com/label`. */
  readonly name: string;
  readonly appliesTo: ResourceSelector;
  /** How long until the worker takes a batch, from 1s to 1h. Go duration. Default `1m0s`. */
  readonly startTimeout: string;
  /** How long one attempt at a batch may take, from 1s to 1h. Go duration. Default `5m0s`. */
  readonly timeout: string;
  /** How batches get there: through the object store, or, small ones, as encrypted payloads. Default `store`. */
  readonly transport: 'store' | 'payload';
}
