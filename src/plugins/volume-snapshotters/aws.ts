import type { Filter, Snapshot, VolumeType } from '@aws-sdk/client-ec2';
import { BowlineError } from '../../api/errors.ts';
import { ownerDigestTag } from '../../api/labels.ts';
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
import { Ec2Api } from './aws-api.ts';
import { openEc2Clients } from './aws-client.ts';
import { awsTags, clusterTags, tagsOf, withoutCluster } from './aws-tags.ts';
import { awsVolumeId, setAwsVolumeId } from './aws-volumes.ts';
import { OncePerKey } from './once-per-key.ts';
import { ownerDigest } from './owner-names.ts';
import { bears, throughputOf, throughputTag, type Tags } from './tags.ts';

/** The types whose IOPS are set apart from their size, and whose throughput is. */
const [withIops, withThroughput] = [['io1', 'io2', 'gp3'], ['gp3']];

/** Ids remembered by their owner: longer than any index lags. */
const remembered = 10_000;

/**
 * Snapshots of EBS volumes, of `ebs.csi.aws.com` and in-tree. Configuration keys: docs/snapshot-locations.md. Source:
 * velero-plugin-for-aws `volume_snapshotter.go`.
 *
 * Once per owner: what is made bears a digest of its owner as a tag, by which it is looked up before it is made; volumes have
 * EC2's own token besides. Two processes that ask for a snapshot within the moments that EC2's index of tags takes get two: the
 * caller compares them with what it recorded.
 */
export const aws: VolumeSnapshotterFactory = async (config) =>
  new AwsSnapshotter(new Ec2Api(await openEc2Clients(config)));

class AwsSnapshotter implements VolumeSnapshotter {
  /** A request may be under way for as long as it may take, and EC2 finds by tags only some moments later what it has made. */
  readonly indexLagMs = 60_000;
  readonly #api: Ec2Api;
  readonly #made = new OncePerKey(remembered);

  constructor(api: Ec2Api) {
    this.#api = api;
  }

  getVolumeId(persistentVolume: Unstructured): string {
    return awsVolumeId(persistentVolume);
  }

  setVolumeId(persistentVolume: Unstructured, volumeId: string): Unstructured {
    return setAwsVolumeId(persistentVolume, volumeId);
  }

  async getVolumeInfo(volumeId: string, _zone: string, options: CallOptions = {}): Promise<VolumeInfo> {
    const { VolumeType: type = '', Iops } = await this.#api.volume(volumeId, options);
    return { type, ...(withIops.includes(type) && Iops && { iops: Iops }) };
  }

  async createSnapshot({ volumeId, tags, owner }: SnapshotRequest, options: CallOptions = {}): Promise<string> {
    const tried = `snapshot volume ${volumeId}`;
    throwIfInterrupted(tried, options.signal);
    const digest = ownerDigest(owner, volumeId);
    return this.#made.get(digest, async () => {
      const existing = await this.#ownedSnapshot(digest, volumeId, options);
      if (existing !== undefined) return existing;
      const { Tags: copied, VolumeType = '', Throughput } = await this.#api.volume(volumeId, options);
      const throughput = withThroughput.includes(VolumeType) && Throughput;
      const own = { ...tags, [ownerDigestTag]: digest, ...(throughput && { [throughputTag]: `${throughput}` }) };
      const { creating, ec2 } = this.#api.clients;
      const command = new ec2.CreateSnapshotCommand({
        VolumeId: volumeId,
        TagSpecifications: [{ ResourceType: 'snapshot', Tags: awsTags(own, tagsOf(copied)) }],
      });
      const { SnapshotId } = await this.#api.create(tried, options, () => creating.send(command));
      return SnapshotId ?? '';
    });
  }

  async snapshotStatus(snapshotId: string, options: CallOptions = {}): Promise<ProvisioningStatus> {
    const { State, Progress = '', StateMessage } = await this.#api.snapshot(snapshotId, options);
    if (State === 'completed') return { phase: 'Ready', percent: 100 };
    if (State === 'error') return { phase: 'Failed', ...(StateMessage && { message: StateMessage }) };
    const percent = /^(\d{1,3})%$/.exec(Progress)?.[1];
    return { phase: 'Pending', ...(percent !== undefined && { percent: Number(percent) }) };
  }

  async deleteSnapshot(snapshotId: string, options: CallOptions = {}): Promise<void> {
    this.#made.forget(snapshotId);
    await this.#api.deleteSnapshot(snapshotId, options);
  }

  async *listSnapshots(tags: Tags, options: CallOptions = {}): AsyncIterable<SnapshotSummary> {
    for await (const { SnapshotId = '', VolumeId = '', StartTime, Tags: raw } of this.#api.snapshots(
      filters(tags),
      options,
    )) {
      const found = tagsOf(raw);
      if (bears(found, tags))
        yield { snapshotId: SnapshotId, volumeId: VolumeId, createdAt: text(StartTime), tags: found };
    }
  }

  async createVolumeFromSnapshot(request: VolumeRequest, options: CallOptions = {}): Promise<string> {
    const { snapshotId, type, zone, iops, tags, owner } = request;
    const tried = `create volume from ${snapshotId}`;
    throwIfInterrupted(tried, options.signal);
    if (zone === '') throw new BowlineError('InvalidItem', `${tried}: the volume's zone is not known`);
    const digest = ownerDigest(owner, snapshotId);
    return this.#made.get(digest, async () => {
      const existing = await this.#ownedVolume(digest, options);
      if (existing !== undefined) return existing;
      const { Encrypted, Tags: raw } = await this.#api.snapshot(snapshotId, options);
      const { client, ec2, kmsKeyId, clusterName } = this.#api.clients;
      const copied = tagsOf(raw);
      const throughput = throughputOf(copied);
      const own = { ...tags, [ownerDigestTag]: digest, ...clusterTags(clusterName) };
      const command = new ec2.CreateVolumeCommand({
        ClientToken: digest,
        SnapshotId: snapshotId,
        AvailabilityZone: zone,
        ...(type !== '' && { VolumeType: type as VolumeType }),
        ...(kmsKeyId === undefined
          ? Encrypted !== undefined && { Encrypted }
          : { Encrypted: true, KmsKeyId: kmsKeyId }),
        ...(withIops.includes(type) && iops !== undefined && { Iops: iops }),
        ...(withThroughput.includes(type) && throughput !== undefined && { Throughput: throughput }),
        TagSpecifications: [{ ResourceType: 'volume', Tags: awsTags(own, withoutCluster(copied, clusterName)) }],
      });
      const { VolumeId } = await this.#api.create(tried, options, () => client.send(command));
      return VolumeId ?? '';
    });
  }

  async volumeStatus(volumeId: string, options: CallOptions = {}): Promise<ProvisioningStatus> {
    const { State } = await this.#api.volume(volumeId, options);
    if (State === 'available' || State === 'in-use') return { phase: 'Ready', percent: 100 };
    return { phase: State === 'error' ? 'Failed' : 'Pending' };
  }

  async deleteVolume(volumeId: string, options: CallOptions = {}): Promise<void> {
    this.#made.forget(volumeId);
    await this.#api.deleteVolume(volumeId, options);
  }

  async *listVolumes(tags: Tags, options: CallOptions = {}): AsyncIterable<VolumeSummary> {
    for await (const { VolumeId = '', SnapshotId = '', ...others } of this.#api.volumes(filters(tags), options)) {
      const found = tagsOf(others.Tags);
      const createdAt = text(others.CreateTime);
      if (bears(found, tags)) yield { volumeId: VolumeId, snapshotId: SnapshotId, createdAt, tags: found };
    }
  }

  /** The first snapshot that an earlier attempt began for the same owner. */
  async #ownedSnapshot(digest: string, volumeId: string, options: CallOptions): Promise<string | undefined> {
    const found: Snapshot[] = [];
    const wanted = [...filters({ [ownerDigestTag]: digest }), { Name: 'volume-id', Values: [volumeId] }];
    for await (const one of this.#api.snapshots(wanted, options)) if (one.State !== 'error') found.push(one);
    return found.sort((a, b) => text(a.StartTime).localeCompare(text(b.StartTime)))[0]?.SnapshotId;
  }

  async #ownedVolume(digest: string, options: CallOptions): Promise<string | undefined> {
    const gone = ['deleting', 'deleted', 'error'];
    for await (const { VolumeId, State = '' } of this.#api.volumes(filters({ [ownerDigestTag]: digest }), options))
      if (!gone.includes(State)) return VolumeId;
    return undefined;
  }
}

/** What bears the tags, as EC2 looks for it; `*` and `?` would stand for anything. */
function filters(tags: Tags): Filter[] {
  return Object.entries(tags).map(([key, value]) => ({
    Name: `tag:${key}`,
    Values: [value.replace(/[*?\\]/g, '\\$&')],
  }));
}

function text(date: Date | undefined): string {
  return (date ?? new Date(0)).toISOString();
}
