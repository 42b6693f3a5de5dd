/** Where backups are kept: Velero's BackupStorageLocation, its name beside its spec. */
export interface BackupStorageLocation {
  readonly name: string;
  /** `filesystem`, `aws`, `azure`, `gcp`; with or without the prefix `velero.io/`. */
  readonly provider: string;
  /** Taken when a backup names none. At most one location bears it. */
  readonly default?: boolean;
  /** `ReadOnly` refuses backups, deletions and expiry, never restores. Default `ReadWrite`. */
  readonly accessMode?: 'ReadOnly' | 'ReadWrite';
  readonly objectStorage: { readonly bucket: string; readonly prefix?: string; readonly caCert?: string };
  /** The provider's own settings; texts only, as in Velero. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Where volume snapshots are made: Velero's VolumeSnapshotLocation. */
export interface VolumeSnapshotLocation {
  readonly name: string;
  /** `aws`, `azure`, `filesystem`, `gcp`; with or without the prefix `velero.io/`. */
  readonly provider: string;
  /** What one run may ask of it. */
  readonly limits?: {
    /** Snapshots, volumes or deletions that it begins at the same time. Default: `concurrency.volumes`. */
    readonly inFlight?: number;
    /** How many it begins a second. Default 5, as clouds allow; none for `filesystem`. */
    readonly perSecond?: number;
  };
  readonly config?: Readonly<Record<string, string>>;
}
