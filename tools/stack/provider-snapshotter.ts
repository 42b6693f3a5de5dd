import { createHash } from 'node:crypto';
import { BowlineError } from '../../src/api/errors.ts';
import { backupUidLabel, persistentVolumeTag } from '../../src/api/labels.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { CallOptions } from '../../src/plugins/object-store.ts';
import type {
  Owner,
  ProvisioningStatus,
  SnapshotRequest,
  SnapshotSummary,
  VolumeInfo,
  VolumeRequest,
  VolumeSnapshotter,
  VolumeSummary,
} from '../../src/plugins/volume-snapshotter.ts';
import type { ProviderSnapshot, ProviderVolume } from './snapshot-provider.ts';

/** The driver of volumes that `startSnapshotProvider` keeps. */
export const providerDriver = 'snapshots.bowline.example';

export interface ProviderSnapshotterOptions {
  /** Where a snapshot provider listens, or a proxy before it. */
  readonly url: string;
  /** What a pending snapshot or volume names as the time to ask again. Default: nothing. */
  readonly pollAfterMs?: number;
  /** How long the provider's lists may lag. Default 0. */
  readonly indexLagMs?: number;
}

/**
 * Snapshots at a provider of `startSnapshotProvider`, taken with no more than EC2 has to offer: a snapshot is looked up by its
 * tags before it is made, and a volume is made with a token. It is for tests and benches alone.
 */
export class ProviderSnapshotter implements VolumeSnapshotter {
  readonly indexLagMs: number;
  /** How many requests wait for the provider's answer. */
  requestsUnderWay = 0;
  readonly #options: ProviderSnapshotterOptions;
  /** Creations under way in this process, by their owner. */
  readonly #underWay = new Map<string, Promise<string>>();

  constructor(options: ProviderSnapshotterOptions) {
    this.#options = options;
    this.indexLagMs = options.indexLagMs ?? 0;
  }

  getVolumeId(persistentVolume: Unstructured): string {
    const { driver, volumeHandle = '' } = csiOf(persistentVolume) ?? {};
    return driver === providerDriver ? volumeHandle : '';
  }

  setVolumeId(persistentVolume: Unstructured, volumeId: string): Unstructured {
    const csi = csiOf(persistentVolume);
    if (csi?.driver !== providerDriver)
      throw new BowlineError('Unsupported', `set volume id of ${persistentVolume.metadata.name}: another driver's`);
    csi.volumeHandle = volumeId;
    return persistentVolume;
  }

  async getVolumeInfo(volumeId: string, _zone: string, options?: CallOptions): Promise<VolumeInfo> {
    await this.#call('GET', `/volumes/${encodeURIComponent(volumeId)}`, options);
    return { type: 'slow' };
  }

  createSnapshot({ volumeId, tags, owner }: SnapshotRequest, options?: CallOptions): Promise<string> {
    return this.#once(`snapshot ${tokenOf(owner)}`, async () => {
      const own = { [backupUidLabel]: owner.uid, [persistentVolumeTag]: owner.persistentVolume };
      for await (const found of this.listSnapshots(own, options))
        if (found.volumeId === volumeId) return found.snapshotId;
      const body = { volumeId, tags: { ...tags, ...own } };
      return (await this.#call<{ snapshotId: string }>('POST', '/snapshots', options, body)).snapshotId;
    });
  }

  snapshotStatus(snapshotId: string, options?: CallOptions): Promise<ProvisioningStatus> {
    return this.#status(`/snapshots/${encodeURIComponent(snapshotId)}`, options);
  }

  deleteSnapshot(snapshotId: string, options?: CallOptions): Promise<void> {
    return this.#delete(`/snapshots/${encodeURIComponent(snapshotId)}`, options);
  }

  async *listSnapshots(tags: Readonly<Record<string, string>>, options?: CallOptions): AsyncIterable<SnapshotSummary> {
    const path = `/snapshots?${new URLSearchParams(tags).toString()}`;
    const { snapshots } = await this.#call<{ snapshots: ProviderSnapshot[] }>('GET', path, options);
    for (const snapshot of snapshots) yield { ...snapshot, createdAt: new Date(snapshot.createdAt).toISOString() };
  }

  createVolumeFromSnapshot({ snapshotId, tags, owner }: VolumeRequest, options?: CallOptions): Promise<string> {
    return this.#once(`volume ${tokenOf(owner)}`, async () => {
      const body = { snapshotId, tags, token: tokenOf(owner) };
      return (await this.#call<{ volumeId: string }>('POST', '/volumes', options, body)).volumeId;
    });
  }

  volumeStatus(volumeId: string, options?: CallOptions): Promise<ProvisioningStatus> {
    return this.#status(`/volumes/${encodeURIComponent(volumeId)}`, options);
  }

  deleteVolume(volumeId: string, options?: CallOptions): Promise<void> {
    return this.#delete(`/volumes/${encodeURIComponent(volumeId)}`, options);
  }

  async *listVolumes(tags: Readonly<Record<string, string>>, options?: CallOptions): AsyncIterable<VolumeSummary> {
    const path = `/volumes?${new URLSearchParams(tags).toString()}`;
    const { volumes } = await this.#call<{ volumes: ProviderVolume[] }>('GET', path, options);
    for (const { snapshotId = '', ...volume } of volumes)
      yield { ...volume, snapshotId, createdAt: new Date(volume.createdAt).toISOString() };
  }

  async #status(path: string, options?: CallOptions): Promise<ProvisioningStatus> {
    const { state, percent } = await this.#call<{ state: 'pending' | 'ready'; percent: number }>('GET', path, options);
    const { pollAfterMs } = this.#options;
    return {
      phase: state === 'ready' ? 'Ready' : 'Pending',
      percent,
      ...(pollAfterMs !== undefined && { pollAfterMs }),
    };
  }

  async #delete(path: string, options?: CallOptions): Promise<void> {
    await this.#call('DELETE', path, options).catch((error: BowlineError) => {
      if (error.code !== 'NotFound') throw error;
    });
  }

  /** Callers of one process that ask for the same at the same time share the answer. */
  #once(key: string, create: () => Promise<string>): Promise<string> {
    let underWay = this.#underWay.get(key);
    if (underWay === undefined) {
      underWay = create().finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, underWay);
    }
    return underWay;
  }

  async #call<T>(method: string, path: string, options: CallOptions = {}, body?: object): Promise<T> {
    const tried = `${method.toLowerCase()} ${path.split('?')[0]}`;
    const { signal } = options;
    let response: Response;
    let answer: string;
    this.requestsUnderWay++;
    try {
      response = await fetch(`${this.#options.url}${path}`, {
        method,
        ...(signal && { signal }),
        ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      answer = await response.text();
    } catch (error) {
      if (signal?.aborted) throw new BowlineError('Interrupted', `${tried}: interrupted`, { cause: error });
      throw new BowlineError('Unavailable', `${tried}: no answer`, { cause: error });
    } finally {
      this.requestsUnderWay--;
    }
    if (response.ok) return (answer === '' ? undefined : JSON.parse(answer)) as T;
    throw refusal(tried, response);
  }
}

function refusal(tried: string, { status, headers }: Response): BowlineError {
  const message = `${tried}: ${status}`;
  if (status === 404) return new BowlineError('NotFound', message, { status });
  if (status !== 429 && status !== 503) return new BowlineError('Unavailable', message, { status });
  const retryAfter = headers.get('retry-after');
  return new BowlineError('Throttled', message, {
    status,
    ...(retryAfter !== null && { retryAfterMs: Number(retryAfter) * 1_000 }),
  });
}

function csiOf({ spec }: Unstructured): { driver?: string; volumeHandle?: string } | undefined {
  return (spec as { csi?: { driver?: string; volumeHandle?: string } } | null | undefined)?.csi;
}

function tokenOf({ uid, persistentVolume }: Owner): string {
  return createHash('sha256').update(`${uid}/${persistentVolume}`).digest('hex');
}
