import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  EC2Client,
  type Tag,
} from '@aws-sdk/client-ec2';
import { ec2Layer } from '../../tools/stack/ec2-layer.ts';
import { startFaultProxy } from '../../tools/stack/fault-proxy.ts';
import type { MotoServer } from '../../tools/stack/moto.ts';
import { chanceOf, type OpenSubject } from './subject.ts';

const zone = 'us-east-1a';

/** EBS as moto imitates it, with EC2's semantics laid over. Runs share it, so each counts what is of its own volumes and snapshots. */
export function ebsSubject(moto: MotoServer): OpenSubject {
  return async ({ clock, random, lagMs }) => {
    const { endpoint, region, accessKeyId, secretAccessKey } = moto;
    const folder = mkdtempSync(join(tmpdir(), 'bowline-faults-'));
    const credentialsFile = join(folder, 'credentials');
    const secrets = [`aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`];
    writeFileSync(credentialsFile, `[default]\n${secrets.join('\n')}\n`, { mode: 0o600 });
    const layer = ec2Layer({ now: clock.now, indexLagMs: lagMs });
    const proxy = await startFaultProxy(endpoint, { layer, random: chanceOf(random) });
    const ec2 = new EC2Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    const added: string[] = [];

    async function addVolume(tags: Readonly<Record<string, string>>): Promise<string> {
      const TagSpecifications = [{ ResourceType: 'volume' as const, Tags: tagList(tags) }];
      const command = new CreateVolumeCommand({ AvailabilityZone: zone, Size: 1, TagSpecifications });
      const { VolumeId = '' } = await ec2.send(command);
      added.push(VolumeId);
      return VolumeId;
    }

    async function addSnapshot(VolumeId: string, tags: Readonly<Record<string, string>>): Promise<string> {
      const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags: tagList(tags) }];
      return (await ec2.send(new CreateSnapshotCommand({ VolumeId, TagSpecifications }))).SnapshotId!;
    }

    const [volumeId, anotherVolumeId] = [await addVolume({ team: 'a' }), await addVolume({ team: 'b' })];
    const snapshotId = await addSnapshot(volumeId, { team: 'a' });
    return {
      where: { provider: 'ebs', url: proxy.url, region, credentialsFile },
      proxy,
      volumeId,
      anotherVolumeId,
      snapshotId,
      zone,
      requests: {
        creates: { form: { Action: /^Create/ } },
        reads: { form: { Action: /^Describe/ } },
        deletes: { form: { Action: /^Delete/ } },
      },
      async snapshots() {
        const Filters = [{ Name: 'volume-id', Values: [volumeId, anotherVolumeId] }];
        const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ Filters }));
        return Snapshots.map(({ SnapshotId = '' }) => SnapshotId);
      },
      async volumes() {
        const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
        return Volumes.filter(
          ({ VolumeId = '', SnapshotId }) => added.includes(VolumeId) || SnapshotId === snapshotId,
        ).map(({ VolumeId = '' }) => VolumeId);
      },
      addSnapshot,
      addVolume,
      async stop() {
        ec2.destroy();
        await proxy.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  };
}

function tagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
