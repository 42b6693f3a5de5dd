import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  EC2Client,
  type CreateVolumeCommandInput,
  type Snapshot,
  type Volume,
} from '@aws-sdk/client-ec2';
import type { MotoServer } from '../../tools/stack/moto.ts';

/** Tags by their names. */
type Tags = Readonly<Record<string, string | undefined>>;

/** EBS on moto, past everything of ours: what a provider's own console would show and do. */
export class Ebs {
  readonly #client: EC2Client;

  constructor({ region, endpoint, accessKeyId, secretAccessKey }: MotoServer) {
    this.#client = new EC2Client({ region, endpoint, credentials: { accessKeyId, secretAccessKey } });
  }

  async createVolume(others: Partial<CreateVolumeCommandInput> & { readonly tags?: Tags }): Promise<string> {
    const { tags = {}, ...input } = others;
    const tagged = { TagSpecifications: [{ ResourceType: 'volume' as const, Tags: listOf(tags) }] };
    const usual = { AvailabilityZone: 'us-east-1a', Size: 4, ...(Object.keys(tags).length > 0 && tagged) };
    const command = new CreateVolumeCommand({ ...usual, ...input });
    return (await this.#client.send(command)).VolumeId!;
  }

  async createSnapshot(VolumeId: string, tags: Tags): Promise<string> {
    const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags: listOf(tags) }];
    return (await this.#client.send(new CreateSnapshotCommand({ VolumeId, TagSpecifications }))).SnapshotId!;
  }

  async volume(volumeId: string): Promise<Volume> {
    const { Volumes = [] } = await this.#client.send(new DescribeVolumesCommand({ VolumeIds: [volumeId] }));
    return Volumes[0]!;
  }

  /** Every volume with that tag. */
  async volumes(key: string, value: string): Promise<Volume[]> {
    const Filters = [{ Name: `tag:${key}`, Values: [value] }];
    return (await this.#client.send(new DescribeVolumesCommand({ Filters }))).Volumes ?? [];
  }

  async snapshot(snapshotId: string): Promise<Snapshot> {
    const { Snapshots = [] } = await this.#client.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }));
    return Snapshots[0]!;
  }

  /** Every snapshot of a volume. */
  async snapshotsOf(volumeId: string): Promise<Snapshot[]> {
    const Filters = [{ Name: 'volume-id', Values: [volumeId] }];
    return (await this.#client.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }))).Snapshots ?? [];
  }

  close(): void {
    this.#client.destroy();
  }
}

/** The tags of a snapshot or a volume, by their names. */
export function tagsOf({ Tags = [] }: Snapshot | Volume): Tags {
  return Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
}

/** A volume snapshot location's configuration for moto; its credentials file is written to `folder`. */
export function ebsConfig(
  { region, endpoint, accessKeyId, secretAccessKey }: MotoServer,
  folder: string,
): Record<string, string> {
  const credentialsFile = join(folder, 'ec2-credentials');
  const secrets = [`aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`];
  writeFileSync(credentialsFile, `[default]\n${secrets.join('\n')}\n`, { mode: 0o600 });
  return { region, ec2Url: endpoint, credentialsFile };
}

function listOf(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value = '']) => ({ Key, Value }));
}
