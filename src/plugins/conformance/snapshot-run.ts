import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../api/errors.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import type { CallOptions } from '../object-store.ts';
import type {
  ProvisioningStatus,
  SnapshotRequest,
  SnapshotSummary,
  VolumeRequest,
  VolumeSnapshotter,
  VolumeSummary,
} from '../volume-snapshotter.ts';

/** A snapshotter, and a volume of its provider to work on. */
export interface VolumeSnapshotterSubject {
  readonly snapshotter: VolumeSnapshotter;
  /** As the API server gives it; the volume behind it exists, is small, has a tag of its own if it can, and is nobody else's. */
  readonly persistentVolume: Unstructured;
  /** Where the volume is; `''` where the provider has no zones. */
  readonly zone: string;
  /** Access to what is in a volume. Without it, the checks of contents fail: they are to be named as deviations. */
  readonly contents?: VolumeContents;
  /** Where a volume lies, by the provider's own word. Without it, the check of zones fails. */
  readonly zoneOf?: (volumeId: string) => Promise<string>;
}

/** Replaces and reads a text in a volume, as a pod that mounts it would. */
export interface VolumeContents {
  write(volumeId: string, content: string): Promise<void>;
  read(volumeId: string): Promise<string>;
}

/** Requests of one run of its own, and the removal of all that they made. */
export class SnapshotRun {
  readonly uid: string = randomUUID();
  readonly #subject: VolumeSnapshotterSubject;
  readonly #volumes = new Set<string>();
  readonly #snapshots = new Set<string>();

  constructor(subject: VolumeSnapshotterSubject) {
    this.#subject = subject;
  }

  get tags(): Record<string, string> {
    return { 'velero.io/backup-uid': this.uid, 'velero.io/pv': this.#subject.persistentVolume.metadata.name };
  }

  get volumeTags(): Record<string, string> {
    return { 'velero.io/restore-uid': this.uid, 'velero.io/pv': this.#subject.persistentVolume.metadata.name };
  }

  snapshotRequest(persistentVolume: string = this.#subject.persistentVolume.metadata.name): SnapshotRequest {
    const { snapshotter, zone } = this.#subject;
    const volumeId = snapshotter.getVolumeId(this.#subject.persistentVolume);
    return { volumeId, zone, tags: this.tags, owner: { uid: this.uid, persistentVolume } };
  }

  async volumeRequest(snapshotId: string, persistentVolume = 'restored'): Promise<VolumeRequest> {
    const { snapshotter, zone } = this.#subject;
    const { volumeId } = this.snapshotRequest();
    const described = await snapshotter.getVolumeInfo(volumeId, zone);
    return { ...described, snapshotId, zone, tags: this.volumeTags, owner: { uid: this.uid, persistentVolume } };
  }

  /** Of a volume that was made here, as another PersistentVolume's. */
  snapshotRequestOf(volumeId: string): SnapshotRequest {
    return { ...this.snapshotRequest('restored'), volumeId };
  }

  async snapshot(request: SnapshotRequest = this.snapshotRequest()): Promise<string> {
    const snapshotId = await this.#subject.snapshotter.createSnapshot(request);
    this.#snapshots.add(snapshotId);
    return snapshotId;
  }

  async readySnapshot(): Promise<string> {
    const snapshotId = await this.snapshot();
    await untilReady(() => this.#subject.snapshotter.snapshotStatus(snapshotId));
    return snapshotId;
  }

  async volume(request: VolumeRequest): Promise<string> {
    const volumeId = await this.#subject.snapshotter.createVolumeFromSnapshot(request);
    this.#volumes.add(volumeId);
    return volumeId;
  }

  async readyVolume(request: VolumeRequest): Promise<string> {
    const volumeId = await this.volume(request);
    await untilReady(() => this.#subject.snapshotter.volumeStatus(volumeId));
    return volumeId;
  }

  async listed(tags: Record<string, string> = this.tags, options?: CallOptions): Promise<SnapshotSummary[]> {
    const found: SnapshotSummary[] = [];
    for await (const summary of this.#subject.snapshotter.listSnapshots(tags, options)) found.push(summary);
    return found;
  }

  async listedVolumes(tags: Record<string, string> = this.volumeTags, options?: CallOptions): Promise<VolumeSummary[]> {
    const found: VolumeSummary[] = [];
    for await (const summary of this.#subject.snapshotter.listVolumes(tags, options)) found.push(summary);
    return found;
  }

  async remove(): Promise<void> {
    const { snapshotter } = this.#subject;
    for (const volumeId of this.#volumes) await snapshotter.deleteVolume(volumeId);
    for (const snapshotId of this.#snapshots) await snapshotter.deleteSnapshot(snapshotId);
  }
}

/** Asks until what was created is ready. No limit of its own: the caller of the check has one. */
export async function untilReady(ask: () => Promise<ProvisioningStatus>): Promise<void> {
  for (;;) {
    const { phase, message, percent = phase === 'Ready' ? 100 : 0, pollAfterMs = 1_000 } = await ask();
    assert.ok(percent >= 0 && percent <= 100, `${percent} %`);
    assert.notEqual(phase, 'Failed', message);
    if (phase === 'Ready') return assert.equal(percent, 100, 'ready, but not all of it');
    await sleep(pollAfterMs);
  }
}

/** Deletions may take their time: asks until the answer is `NotFound`. */
export async function untilNotFound(ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await ask();
    } catch (error) {
      assert.equal(errorCode(error), 'NotFound', String(error));
      return;
    }
    await sleep(1_000);
  }
}
