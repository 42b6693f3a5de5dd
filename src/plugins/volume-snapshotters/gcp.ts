import { BowlineError, errorCode, errorText } from '../../api/errors.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import { throwIfInterrupted } from '../interruption.ts';
import type { CallOptions } from '../object-store.ts';
import type {
  ProvisioningStatus,
  SnapshotRequest,
  SnapshotSummary,
  VolumeInfo,
  VolumeRequest,
  VolumeSnapshotter,
  VolumeSnapshotterFactory,
  VolumeSummary,
} from '../volume-snapshotter.ts';
import { failureOf, GcpApi, type GcpResource } from './gcp-api.ts';
import { openGcpClient } from './gcp-client.ts';
import { diskOfLink, diskPlace, gcpVolumeId, setGcpVolumeId } from './gcp-volumes.ts';
import { ownerUuid, snapshotName } from './owner-names.ts';
import { present } from './present.ts';
import { bears, merged, throughputOf, throughputTag, type Tags } from './tags.ts';

const longestName = 63;
const longestDescription = 2_048;

/**
 * Snapshots of Google's persistent disks, zonal and regional, of `pd.csi.storage.gke.io` and in-tree. A volume's id is the
 * disk's name, a snapshot's its own, as in Velero; tags are JSON in the description. Configuration keys:
 * docs/snapshot-locations.md. Once per owner: the names of what is made are derived from it, and Google has each name once.
 * Source: velero-plugin-for-gcp `volume_snapshotter.go`.
 */
export const gcp: VolumeSnapshotterFactory = async (config) =>
  new GcpSnapshotter(new GcpApi(await openGcpClient(config)));

class GcpSnapshotter implements VolumeSnapshotter {
  readonly #api: GcpApi;

  constructor(api: GcpApi) {
    this.#api = api;
  }

  getVolumeId(persistentVolume: Unstructured): string {
    return gcpVolumeId(persistentVolume);
  }

  setVolumeId(persistentVolume: Unstructured, volumeId: string): Unstructured {
    return setGcpVolumeId(persistentVolume, volumeId, this.#api.client.volumeProject);
  }

  async getVolumeInfo(volumeId: string, zone: string, options: CallOptions = {}): Promise<VolumeInfo> {
    const { type = '', provisionedIops } = await this.#api.disk(volumeId, zone, options);
    return { type, ...(isTunable(type) && provisionedIops && { iops: Number(provisionedIops) }) };
  }

  async createSnapshot(request: SnapshotRequest, options: CallOptions = {}): Promise<string> {
    const { volumeId, zone, tags, owner } = request;
    const { snapshotLocation, snapshotType } = this.#api.client;
    const uuid = ownerUuid(owner, volumeId);
    const name = snapshotName(volumeId, uuid, longestName);
    if (await present(this.#api.snapshot(name, options))) return name;
    const disk = await this.#api.disk(volumeId, zone, options);
    const throughput = isTunable(disk.type ?? '') && disk.provisionedThroughput;
    const own = { ...tags, ...(throughput && { [throughputTag]: throughput }) };
    await this.#create(`snapshot volume ${volumeId}`, this.#api.snapshots, options, uuid, {
      name,
      description: descriptionOf(own, disk),
      sourceDisk: disk.selfLink,
      snapshotType,
      ...(disk.labels && { labels: disk.labels }),
      ...(snapshotLocation && { storageLocations: [snapshotLocation] }),
    });
    return name;
  }

  async snapshotStatus(snapshotId: string, options: CallOptions = {}): Promise<ProvisioningStatus> {
    return this.#status('snapshots', snapshotId, this.#api.snapshot(snapshotId, options), options);
  }

  async deleteSnapshot(snapshotId: string, options: CallOptions = {}): Promise<void> {
    await this.#api.delete(`delete snapshot ${snapshotId}`, this.#api.snapshots, snapshotId, options);
  }

  async *listSnapshots(tags: Tags, options: CallOptions = {}): AsyncIterable<SnapshotSummary> {
    for await (const snapshot of this.#api.listSnapshots(filterOf(tags), options)) {
      const summary = summaryOf(snapshot);
      const volumeId = this.#diskName(snapshot.sourceDisk ?? '');
      if (bears(summary.tags, tags)) yield { snapshotId: snapshot.name, volumeId, ...summary };
    }
  }

  async createVolumeFromSnapshot(request: VolumeRequest, options: CallOptions = {}): Promise<string> {
    const { snapshotId, type, zone, iops, tags, owner } = request;
    const { scope, replicaZones } = diskPlace(zone);
    const snapshot = await this.#api.snapshot(snapshotId, options);
    const uuid = ownerUuid(owner, snapshotId);
    const name = `restore-${uuid}`;
    if (await present(this.#api.disk(name, zone, options))) return name;
    const { volumeProject } = this.#api.client;
    const throughput = throughputOf(tagsOf(snapshot));
    await this.#create(`create volume from ${snapshotId}`, this.#api.disks(scope), options, uuid, {
      name,
      description: descriptionOf(tags, snapshot),
      sourceSnapshot: snapshot.selfLink,
      ...(type !== '' && { type }),
      ...(snapshot.labels && { labels: snapshot.labels }),
      ...(replicaZones && { replicaZones: replicaZones.map((one) => `projects/${volumeProject}/zones/${one}`) }),
      ...(isTunable(type) && iops !== undefined && { provisionedIops: String(iops) }),
      ...(isTunable(type) && throughput !== undefined && { provisionedThroughput: String(throughput) }),
    });
    this.#api.remember(name, scope);
    return name;
  }

  async volumeStatus(volumeId: string, options: CallOptions = {}): Promise<ProvisioningStatus> {
    return this.#status('disks', volumeId, this.#api.diskAnywhere(volumeId, options), options);
  }

  async deleteVolume(volumeId: string, options: CallOptions = {}): Promise<void> {
    const scope = await present(this.#api.place(volumeId, options));
    if (scope === undefined) return;
    await this.#api.delete(`delete volume ${volumeId}`, this.#api.disks(scope), volumeId, options);
  }

  async *listVolumes(tags: Tags, options: CallOptions = {}): AsyncIterable<VolumeSummary> {
    for await (const disk of this.#api.listDisks(filterOf(tags), options)) {
      const summary = summaryOf(disk);
      const snapshotId = this.#api.snapshotName(disk.sourceSnapshot ?? '');
      if (bears(summary.tags, tags)) yield { volumeId: disk.name, snapshotId, ...summary };
    }
  }

  /**
   * Sends a request that creates; a name that exists is an earlier attempt's. The signal does not stop it on its way: what an
   * interrupted request made, nobody would know. Without the right to set labels, it goes without.
   */
  async #create(
    tried: string,
    path: string,
    { signal }: CallOptions,
    requestId: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    throwIfInterrupted(tried, signal);
    const insert = (resource: object) =>
      this.#api.client.request(tried, { method: 'POST', path, query: { requestId }, body: resource }, {});
    try {
      await insert(body);
    } catch (error) {
      if (errorCode(error) === 'AlreadyExists') return;
      const { labels, ...others } = body;
      if (labels === undefined || errorCode(error) !== 'AccessDenied' || !errorText(error).includes('setLabels'))
        throw error;
      await insert(others);
    }
  }

  /** What a resource says of itself, and what the operation that makes it does, for a failed one leaves no resource behind. */
  async #status(
    kind: 'disks' | 'snapshots',
    name: string,
    asked: Promise<GcpResource>,
    options: CallOptions,
  ): Promise<ProvisioningStatus> {
    const status = (await present(asked))?.status;
    if (status === 'READY') return { phase: 'Ready', percent: 100 };
    const operation = await this.#api.creation(kind, name, options);
    const message = (operation && failureOf(operation)) ?? (status === 'FAILED' ? status : undefined);
    if (message !== undefined) return { phase: 'Failed', message };
    if (status !== 'DELETING' && (status !== undefined || (operation && operation.status !== 'DONE'))) {
      const { progress } = operation ?? {};
      return { phase: 'Pending', ...(progress !== undefined && { percent: progress }) };
    }
    throw new BowlineError('NotFound', `describe ${kind === 'disks' ? 'volume' : 'snapshot'} ${name}: no such one`);
  }

  /** The id that `getVolumeId` gives a disk of this location's; of another project's, its whole link, which is nobody's here. */
  #diskName(link: string): string {
    const disk = diskOfLink(link);
    return disk?.project === this.#api.client.volumeProject ? disk.name : link;
  }
}

/** Whether the type's I/O is set apart from its size. */
function isTunable(type: string): boolean {
  return /(^|\/)(pd-extreme|hyperdisk-[a-z-]+)$/.test(type);
}

/** Tags as a description holds them; those copied from elsewhere only while they fit. */
function descriptionOf(own: Tags, from: GcpResource): string {
  const whole = JSON.stringify(merged(own, tagsOf(from), Number.MAX_SAFE_INTEGER));
  return whole.length <= longestDescription ? whole : JSON.stringify(own);
}

/** The tags in a description; other tools write other texts there. */
function tagsOf({ description = '' }: GcpResource): Tags {
  try {
    const parsed: unknown = JSON.parse(description);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return {};
    return Object.fromEntries(Object.entries(parsed).filter(([, value]) => typeof value === 'string')) as Tags;
  } catch {
    return {};
  }
}

function summaryOf(resource: GcpResource): { createdAt: string; tags: Tags } {
  return { createdAt: resource.creationTimestamp, tags: tagsOf(resource) };
}

/** Spares what can't match: descriptions without the longest of the values. `bears` decides. */
function filterOf(tags: Tags): string {
  const [longest] = Object.values(tags)
    .filter((value) => /^[\w.-]+$/.test(value))
    .sort((a, b) => b.length - a.length);
  return longest === undefined ? '' : `description eq '.*${longest.replaceAll('.', '[.]')}.*'`;
}
