import { BowlineError } from '../../src/api/errors.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type {
  ProvisioningStatus,
  SnapshotRequest,
  SnapshotSummary,
  VolumeInfo,
  VolumeRequest,
  VolumeSnapshotter,
  VolumeSummary,
} from '../../src/plugins/volume-snapshotter.ts';
import { bears } from '../../src/plugins/volume-snapshotters/tags.ts';

/** Snapshots in memory of the volumes that PersistentVolumes name in `spec.memory.volumeId`. */
export class MemorySnapshotter implements VolumeSnapshotter {
  readonly snapshots = new Map<string, SnapshotSummary>();
  readonly volumes = new Map<string, VolumeSummary>();
  /** What `snapshotStatus` and `volumeStatus` answer; `NotFound` if nothing. */
  status: ProvisioningStatus | undefined = { phase: 'Ready' };
  indexLagMs = 0;

  getVolumeId({ spec }: Unstructured): string {
    return (spec as { memory?: { volumeId?: string } } | undefined)?.memory?.volumeId ?? '';
  }

  setVolumeId(persistentVolume: Unstructured, volumeId: string): Unstructured {
    persistentVolume['spec'] = { ...(persistentVolume['spec'] as object), memory: { volumeId } };
    return persistentVolume;
  }

  async getVolumeInfo(volumeId: string): Promise<VolumeInfo> {
    if (volumeId === '') throw new BowlineError('NotFound', 'get volume info: no such volume');
    return { type: 'memory' };
  }

  async createSnapshot({ volumeId, tags, owner }: SnapshotRequest): Promise<string> {
    const snapshotId = `snapshot-of-${owner.persistentVolume}-${owner.uid}`;
    this.snapshots.set(snapshotId, { snapshotId, volumeId, tags, createdAt: '2026-01-02T03:04:30Z' });
    return snapshotId;
  }

  async snapshotStatus(): Promise<ProvisioningStatus> {
    return this.#status();
  }

  async deleteSnapshot(snapshotId: string): Promise<void> {
    this.snapshots.delete(snapshotId);
  }

  async *listSnapshots(tags: Readonly<Record<string, string>>): AsyncIterable<SnapshotSummary> {
    yield* [...this.snapshots.values()].filter((snapshot) => bears(snapshot.tags, tags));
  }

  async createVolumeFromSnapshot({ owner, snapshotId, tags }: VolumeRequest): Promise<string> {
    const volumeId = `volume-of-${owner.persistentVolume}-${owner.uid}`;
    this.volumes.set(volumeId, { volumeId, snapshotId, tags, createdAt: '2026-01-02T03:04:30Z' });
    return volumeId;
  }

  async volumeStatus(): Promise<ProvisioningStatus> {
    return this.#status();
  }

  async deleteVolume(volumeId: string): Promise<void> {
    this.volumes.delete(volumeId);
  }

  async *listVolumes(tags: Readonly<Record<string, string>>): AsyncIterable<VolumeSummary> {
    yield* [...this.volumes.values()].filter((volume) => bears(volume.tags, tags));
  }

  #status(): ProvisioningStatus {
    if (this.status) return this.status;
    throw new BowlineError('NotFound', 'describe: not there');
  }
}
