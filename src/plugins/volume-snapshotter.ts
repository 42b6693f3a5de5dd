import type { Unstructured } from '../api/unstructured.ts';
import type { CallOptions } from './object-store.ts';

/**
 * Snapshots of volumes in one place. Methods may run concurrently and be repeated after a crash.
 *
 * Guarantees: `createSnapshot` and `createVolumeFromSnapshot` create once per `owner`, however often and from however many
 * processes they are called; they return when the provider has accepted the request, and `snapshotStatus` and
 * `volumeStatus` tell the rest. A snapshot holds the volume as it was when `createSnapshot` resolved. Deletions of what is absent
 * resolve. What a provider copies from volume to snapshot and back never includes the tags that name an owner (`ownerTags`).
 * Rejections are `BowlineError`s (`isPermanent`), with code `Interrupted` if the signal fired.
 * `conformance/volume-snapshotter.ts` is this contract as code. Source: Velero v1.6.3 `pkg/plugin/velero/volume_snapshotter.go`.
 */
export interface VolumeSnapshotter {
  /**
   * For how many milliseconds after a creation was asked for the provider may not show what came of it: in `listSnapshots` a
   * snapshot may be missing, and a status may be `NotFound`. Default 0: what was made is there at once.
   */
  readonly indexLagMs?: number;

  /** The provider's id of the volume behind a PersistentVolume; `''` if the volume is none of this provider's. Reads only its argument. */
  getVolumeId(persistentVolume: Unstructured): string;

  /** Points a PersistentVolume to the volume `volumeId`; returns it, edited in place. @throws BowlineError `Unsupported` if it is none of this provider's */
  setVolumeId(persistentVolume: Unstructured, volumeId: string): Unstructured;

  /** Type and, where the type has any, provisioned IOPS. Rejects with `NotFound` if the volume is absent. */
  getVolumeInfo(volumeId: string, zone: string, options?: CallOptions): Promise<VolumeInfo>;

  /** Starts a snapshot, or finds the one started before for the same `owner` and volume. Resolves with its id. */
  createSnapshot(request: SnapshotRequest, options?: CallOptions): Promise<string>;

  /** Rejects with `NotFound` if the snapshot is absent. */
  snapshotStatus(snapshotId: string, options?: CallOptions): Promise<ProvisioningStatus>;

  deleteSnapshot(snapshotId: string, options?: CallOptions): Promise<void>;

  /** Every snapshot that bears all of `tags`, to find what a cut-off run left behind. */
  listSnapshots(tags: Readonly<Record<string, string>>, options?: CallOptions): AsyncIterable<SnapshotSummary>;

  /** Starts a volume with a snapshot's content, or finds the one started before for the same `owner`. Resolves with its id; rejects with `NotFound` if the snapshot is absent. */
  createVolumeFromSnapshot(request: VolumeRequest, options?: CallOptions): Promise<string>;

  /** Rejects with `NotFound` if the volume is absent. */
  volumeStatus(volumeId: string, options?: CallOptions): Promise<ProvisioningStatus>;

  deleteVolume(volumeId: string, options?: CallOptions): Promise<void>;

  /** Every volume that bears all of `tags`, to find what a cut-off restore left behind. */
  listVolumes(tags: Readonly<Record<string, string>>, options?: CallOptions): AsyncIterable<VolumeSummary>;
}

/** What a volume like it needs: the provider's type, and its I/O operations a second where they are set. */
export interface VolumeInfo {
  readonly type: string;
  readonly iops?: number;
}

/** A snapshot to take. */
export interface SnapshotRequest {
  readonly volumeId: string;
  readonly zone: string;
  /** Set on the snapshot in the same request that creates it. */
  readonly tags: Readonly<Record<string, string>>;
  /** Who asks: the run's uid and the PersistentVolume's name. The same owner gets the same snapshot. */
  readonly owner: Owner;
}

/** A volume to make from a snapshot. `type` and `iops` are those of the volume that the snapshot was taken of. */
export interface VolumeRequest {
  readonly snapshotId: string;
  readonly type: string;
  readonly zone: string;
  readonly iops?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly owner: Owner;
}

/** The run and the PersistentVolume that a snapshot or a volume is made for. */
export interface Owner {
  readonly uid: string;
  readonly persistentVolume: string;
}

/** How far a snapshot or a volume has come. */
export interface ProvisioningStatus {
  readonly phase: 'Pending' | 'Ready' | 'Failed';
  /** 0 to 100, where the provider tells. */
  readonly percent?: number;
  /** Why it failed, in the provider's words. */
  readonly message?: string;
  /** When it is worth asking again. Default: the caller's. */
  readonly pollAfterMs?: number;
}

/** A snapshot as a list shows it. */
export interface SnapshotSummary {
  readonly snapshotId: string;
  readonly volumeId: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A volume as a list shows it. */
export interface VolumeSummary {
  readonly volumeId: string;
  /** What it was made from, as `createVolumeFromSnapshot` was told; `''` if from no snapshot. */
  readonly snapshotId: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Opens the place that `config` describes. Rejects with code `InvalidConfig`, naming all unknown and missing keys at once. */
export type VolumeSnapshotterFactory = (config: Readonly<Record<string, string>>) => Promise<VolumeSnapshotter>;
