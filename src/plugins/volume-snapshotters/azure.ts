import type { ComputeManagementClient, Disk, Snapshot } from '@azure/arm-compute';
import { BowlineError } from '../../api/errors.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import { interrupted, throwIfInterrupted } from '../interruption.ts';
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
import { openAzureClients, type AzureClients } from './azure-client.ts';
import { azureError } from './azure-errors.ts';
import { azureTags, contractTags, mostTags } from './azure-tags.ts';
import {
  azureId,
  azureResource,
  azureVolumeId,
  azureZones,
  isIn,
  parseAzureId,
  setAzureVolumeId,
  type AzureScope,
} from './azure-volumes.ts';
import { ownerUuid, snapshotName } from './owner-names.ts';
import { present } from './present.ts';
import { bears, merged, throughputOf, throughputTag, type Tags } from './tags.ts';

/** The longest name that Azure gives a snapshot. */
const longestName = 80;

/** How often a deletion is asked about. */
const pollEveryMs = 2_000;

/**
 * Snapshots of Azure's managed disks, of `disk.csi.azure.com` and in-tree. A volume's id is the disk's name, a snapshot's its
 * whole resource id, as in Velero. Configuration keys: docs/snapshot-locations.md. Once per owner: the names of what is made
 * are derived from it, and Azure has each name once. Source: velero-plugin-for-microsoft-azure `volume_snapshotter.go`.
 */
export const azure: VolumeSnapshotterFactory = async (config) => new AzureSnapshotter(await openAzureClients(config));

class AzureSnapshotter implements VolumeSnapshotter {
  readonly #clients: AzureClients;

  constructor(clients: AzureClients) {
    this.#clients = clients;
  }

  getVolumeId(persistentVolume: Unstructured): string {
    return azureVolumeId(persistentVolume);
  }

  setVolumeId(persistentVolume: Unstructured, volumeId: string): Unstructured {
    return setAzureVolumeId(persistentVolume, volumeId, this.#clients.disks);
  }

  async getVolumeInfo(volumeId: string, _zone: string, options: CallOptions = {}): Promise<VolumeInfo> {
    const { sku, diskIopsReadWrite } = await this.#disk(volumeId, options);
    const type = sku?.name ?? '';
    return { type, ...(isTunable(type) && diskIopsReadWrite && { iops: diskIopsReadWrite }) };
  }

  async createSnapshot({ volumeId, tags, owner }: SnapshotRequest, options: CallOptions = {}): Promise<string> {
    const { snapshots: scope, incremental, tags: configured } = this.#clients;
    const tried = `snapshot volume ${volumeId}`;
    const name = snapshotName(volumeId, ownerUuid(owner, volumeId), longestName);
    const snapshotId = azureId('snapshots', { ...scope, name });
    if (await present(this.#snapshot(snapshotId, options))) return snapshotId;
    const { id, location, tags: copied = {}, diskMBpsReadWrite, sku } = await this.#disk(volumeId, options);
    const throughput = isTunable(sku?.name) && diskMBpsReadWrite;
    const own = { ...tags, ...(throughput && { [throughputTag]: `${throughput}` }), ...configured };
    const snapshot: Snapshot = {
      location,
      creationData: { createOption: 'Copy', ...(id !== undefined && { sourceResourceId: id }) },
      tags: azureTags(merged(own, contractTags(copied), mostTags)),
      ...(incremental !== undefined && { incremental }),
    };
    await this.#create(tried, options, (abortSignal) =>
      this.#of(scope).snapshots.createOrUpdate(scope.resourceGroup, name, snapshot, { abortSignal }).submitted(),
    );
    return snapshotId;
  }

  async snapshotStatus(snapshotId: string, options: CallOptions = {}): Promise<ProvisioningStatus> {
    const snapshot = await this.#snapshot(snapshotId, options);
    const code = snapshot.copyCompletionError?.errorCode;
    return code === undefined ? statusOf(snapshot) : { phase: 'Failed', message: code };
  }

  async deleteSnapshot(snapshotId: string, options: CallOptions = {}): Promise<void> {
    const { subscriptionId, resourceGroup, name } = azureResource('snapshots', snapshotId);
    await this.#delete(`delete snapshot ${snapshotId}`, options, (polled) =>
      this.#clients.compute(subscriptionId).snapshots.delete(resourceGroup, name, polled),
    );
  }

  async *listSnapshots(tags: Tags, { signal }: CallOptions = {}): AsyncIterable<SnapshotSummary> {
    const { snapshots: scope } = this.#clients;
    const { resourceGroup } = scope;
    const listed = () =>
      this.#of(scope).snapshots.listByResourceGroup(resourceGroup, signal && { abortSignal: signal });
    for await (const { id, creationData, ...found } of pages(`list snapshots of ${resourceGroup}`, listed, signal)) {
      const summary = summaryOf(found);
      const volumeId = this.#diskName(creationData?.sourceResourceId ?? '');
      if (id && bears(summary.tags, wanted(tags))) yield { snapshotId: id, volumeId, ...summary };
    }
  }

  async createVolumeFromSnapshot(request: VolumeRequest, options: CallOptions = {}): Promise<string> {
    const { snapshotId, type, zone, iops, tags, owner } = request;
    const { disks: scope } = this.#clients;
    const tried = `create volume from ${snapshotId}`;
    const { id, location, tags: copied = {} } = await this.#snapshot(snapshotId, options);
    const name = `restore-${ownerUuid(owner, snapshotId)}`;
    if (await present(this.#disk(name, options))) return name;
    const [zones, throughput] = [azureZones(zone, type), throughputOf(contractTags(copied))];
    const disk: Disk = {
      location,
      creationData: { createOption: 'Copy', ...(id !== undefined && { sourceResourceId: id }) },
      tags: azureTags(merged(tags, contractTags(copied), mostTags)),
      ...(type !== '' && { sku: { name: type } }),
      ...(zones && { zones }),
      ...(isTunable(type) && iops !== undefined && { diskIopsReadWrite: iops }),
      ...(isTunable(type) && throughput !== undefined && { diskMBpsReadWrite: throughput }),
    };
    await this.#create(tried, options, (abortSignal) =>
      this.#of(scope).disks.createOrUpdate(scope.resourceGroup, name, disk, { abortSignal }).submitted(),
    );
    return name;
  }

  async volumeStatus(volumeId: string, options: CallOptions = {}): Promise<ProvisioningStatus> {
    return statusOf(await this.#disk(volumeId, options));
  }

  async deleteVolume(volumeId: string, options: CallOptions = {}): Promise<void> {
    const { disks: scope } = this.#clients;
    await this.#delete(`delete volume ${volumeId}`, options, (polled) =>
      this.#of(scope).disks.delete(scope.resourceGroup, volumeId, polled),
    );
  }

  async *listVolumes(tags: Tags, { signal }: CallOptions = {}): AsyncIterable<VolumeSummary> {
    const { disks: scope } = this.#clients;
    const { resourceGroup } = scope;
    const listed = () => this.#of(scope).disks.listByResourceGroup(resourceGroup, signal && { abortSignal: signal });
    for await (const { name, creationData, ...found } of pages(`list volumes of ${resourceGroup}`, listed, signal)) {
      const summary = summaryOf(found);
      const snapshotId = creationData?.sourceResourceId ?? '';
      if (name && bears(summary.tags, wanted(tags))) yield { volumeId: name, snapshotId, ...summary };
    }
  }

  async #disk(volumeId: string, options: CallOptions): Promise<Disk> {
    const { disks: scope } = this.#clients;
    return this.#try(`describe volume ${volumeId}`, options, (abortSignal) =>
      this.#of(scope).disks.get(scope.resourceGroup, volumeId, { abortSignal }),
    );
  }

  async #snapshot(snapshotId: string, options: CallOptions): Promise<Snapshot> {
    const { subscriptionId, resourceGroup, name } = azureResource('snapshots', snapshotId);
    return this.#try(`describe snapshot ${snapshotId}`, options, (abortSignal) =>
      this.#clients.compute(subscriptionId).snapshots.get(resourceGroup, name, { abortSignal }),
    );
  }

  /** The id that `getVolumeId` gives a disk of this location's; of another place's, its whole id, which is nobody's here. */
  #diskName(id: string): string {
    const disk = parseAzureId('disks', id);
    return disk && isIn(this.#clients.disks, disk) ? disk.name : id;
  }

  #of({ subscriptionId }: AzureScope): ComputeManagementClient {
    return this.#clients.compute(subscriptionId);
  }

  /** Sends a request that creates. The signal does not stop it on its way: what an interrupted request made, nobody would know. */
  async #create(
    tried: string,
    { signal }: CallOptions,
    submit: (abortSignal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    throwIfInterrupted(tried, signal);
    await this.#try(tried, {}, submit);
  }

  /** Waits until what is deleted is gone: whether Azure may delete it, only the end tells. */
  async #delete(
    tried: string,
    options: CallOptions,
    begin: (polled: { abortSignal: AbortSignal; updateIntervalInMs: number }) => Deletion,
  ): Promise<void> {
    const deletion = this.#try(tried, options, (abortSignal) =>
      begin({ abortSignal, updateIntervalInMs: pollEveryMs }).pollUntilDone({ abortSignal }),
    );
    await present(deletion);
  }

  async #try<T>(tried: string, { signal }: CallOptions, call: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    throwIfInterrupted(tried, signal);
    const { timeoutMs } = this.#clients;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await call(signal ? AbortSignal.any([signal, timeout]) : timeout);
    } catch (error) {
      if (signal?.aborted) throw interrupted(tried, error);
      if (timeout.aborted) throw new BowlineError('Unavailable', `${tried}: not done within ${timeoutMs / 1_000} s`);
      throw azureError(tried, error);
    }
  }
}

/** What waits for a deletion. */
type Deletion = Pick<ReturnType<ComputeManagementClient['disks']['delete']>, 'pollUntilDone'>;

async function* pages<T>(
  tried: string,
  list: () => AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncIterable<T> {
  throwIfInterrupted(tried, signal);
  try {
    yield* list();
  } catch (error) {
    throw signal?.aborted ? interrupted(tried, error) : azureError(tried, error);
  }
}

function statusOf({ provisioningState, completionPercent = 100 }: Snapshot | Disk): ProvisioningStatus {
  if (provisioningState === 'Failed' || provisioningState === 'Canceled')
    return { phase: 'Failed', message: `provisioning state ${provisioningState}` };
  if (provisioningState === 'Succeeded' && completionPercent >= 100) return { phase: 'Ready', percent: 100 };
  return { phase: 'Pending', ...(completionPercent < 100 && { percent: completionPercent }) };
}

function summaryOf({ tags = {}, timeCreated = new Date(0) }: Pick<Disk, 'tags' | 'timeCreated'>) {
  return { createdAt: timeCreated.toISOString(), tags: contractTags(tags) };
}

function wanted(tags: Tags): Tags {
  return contractTags(azureTags(tags));
}

/** Whether the type's I/O is set apart from its size. */
function isTunable(type: string | undefined): boolean {
  return type === 'UltraSSD_LRS' || type === 'PremiumV2_LRS';
}
