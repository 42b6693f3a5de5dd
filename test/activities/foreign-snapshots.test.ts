import assert from 'node:assert/strict';
import type { RunRef } from '../../src/api/run.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { VolumeSnapshotter } from '../../src/plugins/volume-snapshotter.ts';
import { aws } from '../../src/plugins/volume-snapshotters/aws.ts';
import { azure } from '../../src/plugins/volume-snapshotters/azure.ts';
import { gcp } from '../../src/plugins/volume-snapshotters/gcp.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { AzureComputeServer } from '../support/azure-compute-server.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { Ebs, ebsConfig } from '../support/ebs.ts';
import { GcpComputeServer } from '../support/gcp-compute-server.ts';
import { object } from '../support/objects.ts';
import { motoServer } from '../support/servers.ts';

/** A provider with a volume, and somebody else's tool at work in it. */
interface Subject {
  readonly snapshotter: VolumeSnapshotter;
  readonly persistentVolume: Unstructured;
  readonly zone: string;
  /** Snapshots another volume, to which the tool has copied these tags, and copies them to the snapshot. Resolves with its id. */
  copyTo(tags: Readonly<Record<string, string>>): Promise<string>;
}

const toolOf = (tags: Readonly<Record<string, string>>) => ({
  uid: `tool-${tags['velero.io/backup-uid']}`,
  persistentVolume: '',
});
const persistentVolumeOf = (spec: object) => object('v1 PersistentVolume', 'pv-1', { spec });

async function onMoto(): Promise<Subject> {
  const moto = await motoServer();
  const ebs = new Ebs(moto);
  const volumeHandle = await ebs.createVolume({ tags: { team: 'a' } });
  return {
    snapshotter: await aws(ebsConfig(moto, temporaryFolder())),
    persistentVolume: persistentVolumeOf({ csi: { driver: 'ebs.csi.aws.com', volumeHandle } }),
    zone: 'us-east-1a',
    copyTo: async (tags) => ebs.createSnapshot(await ebs.createVolume({ tags }), tags),
  };
}

async function onAzure(server: AzureComputeServer): Promise<Subject> {
  const snapshotter = await azure(server.config(temporaryFolder()));
  const volumeHandle = server.addDisk('disk-1', { tags: { team: 'a' } });
  return {
    snapshotter,
    persistentVolume: persistentVolumeOf({ csi: { driver: 'disk.csi.azure.com', volumeHandle } }),
    zone: 'westeurope-1',
    async copyTo(tags) {
      server.addDisk('disk-2', { tags: { ...tags } });
      return snapshotter.createSnapshot({
        volumeId: 'disk-2',
        zone: '',
        tags,
        owner: toolOf(tags),
      });
    },
  };
}

async function onGcp(server: GcpComputeServer): Promise<Subject> {
  const snapshotter = await gcp(server.config(temporaryFolder()));
  const zone = 'us-central1-a';
  server.addDisk('disk-1');
  const volumeHandle = `projects/p/zones/${zone}/disks/disk-1`;
  return {
    snapshotter,
    persistentVolume: persistentVolumeOf({ csi: { driver: 'pd.csi.storage.gke.io', volumeHandle } }),
    zone,
    async copyTo(tags) {
      server.addDisk('disk-2', { description: JSON.stringify(tags) });
      return snapshotter.createSnapshot({
        volumeId: 'disk-2',
        zone,
        tags,
        owner: toolOf(tags),
      });
    },
  };
}

describe("somebody else's snapshot, of a volume to which a tool has copied our tags", function () {
  this.timeout(120_000);
  let azureServer: AzureComputeServer;
  let gcpServer: GcpComputeServer;

  before(async () => {
    azureServer = await AzureComputeServer.start();
    gcpServer = await GcpComputeServer.start();
  });

  after(async () => {
    await azureServer.stop();
    await gcpServer.stop();
  });

  let runs = 0;

  for (const [provider, open] of [
    ['aws', onMoto],
    ['azure', () => onAzure(azureServer)],
    ['gcp', () => onGcp(gcpServer)],
  ] as const)
    describe(provider, () => {
      let runner: ActivityRunner;
      let subject: Subject;
      let run: RunRef;
      let ours: string;
      let double: string;
      let foreign: string;

      /** A backup that took a snapshot and a double of it, with a foreign one beside them. */
      beforeEach(async () => {
        subject = await open();
        const { snapshotter, persistentVolume, zone } = subject;
        const uid = `${provider}-${process.pid}-${++runs}`;
        runner = new ActivityRunner({ snapshotter: async () => snapshotter });
        runner.now = new Date(Date.now() + 3_600_000);
        const prepared = await runner.run('prepareBackup', { name: 'nightly' }, workflow('backup/nightly', uid));
        run = prepared.run;
        const volumeId = snapshotter.getVolumeId(persistentVolume);
        const input = { run, plan: prepared.plan, location: 'disks', volumeId, zone, persistentVolume: 'pv-1' };
        ours = await runner.run('createSnapshot', input);
        const [{ tags } = assert.fail('not listed')] = await listed();
        double = await snapshotter.createSnapshot({ volumeId, zone, tags, owner: { uid, persistentVolume: 'double' } });
        foreign = await subject.copyTo(tags);
        assert.equal((await listed()).length, 3);
      });

      async function listed() {
        const found = [];
        for await (const one of subject.snapshotter.listSnapshots({ 'velero.io/backup-uid': run.uid })) found.push(one);
        return found;
      }

      const ids = async () => (await listed()).map(({ snapshotId }) => snapshotId).toSorted();

      /** What the backup would have recorded, and the deletion that reads it. */
      async function prepareDeletion(startTimestamp: Date, completionTimestamp: Date) {
        const { snapshotter, persistentVolume } = subject;
        const spec = {
          backupName: 'nightly',
          backupUID: run.uid,
          location: 'disks',
          persistentVolumeName: 'pv-1',
          providerVolumeID: snapshotter.getVolumeId(persistentVolume),
          volumeType: '',
        };
        const status = { phase: 'Completed' as const, providerSnapshotID: ours };
        await holdBackup(runner.store, 'nightly', [], {
          snapshots: [{ spec, status }],
          status: {
            startTimestamp: startTimestamp.toISOString(),
            completionTimestamp: completionTimestamp.toISOString(),
          },
        });
        const prepared = await runner.run('prepareDeletion', { name: 'nightly' }, workflow('delete-backup/nightly'));
        return { ...prepared, backup: { ...prepared.backup!, uid: run.uid } };
      }

      const minutes = (count: number) => new Date(Date.now() + count * 60_000);

      it('stays when the backup is reconciled, with what is kept', async () => {
        const input = { run, location: 'disks', keep: [ours] };
        assert.deepEqual(await runner.run('reconcileSnapshots', input), [double]);
        assert.deepEqual(await ids(), [ours, foreign].toSorted());
        assert.deepEqual(await runner.run('reconcileSnapshots', { ...input, keep: [] }), [ours]);
        assert.deepEqual(await ids(), [foreign]);
      });

      it('stays when the backup is deleted, and is reported', async () => {
        const prepared = await prepareDeletion(minutes(-5), minutes(5));
        await runner.run('deleteSnapshot', { location: 'disks', snapshotId: ours });
        const swept = await runner.run('sweepSnapshots', { prepared, location: 'disks' });
        assert.deepEqual(swept, { deleted: [double], leftAlone: [foreign] });
        assert.deepEqual(await ids(), [foreign]);
        assert.deepEqual(await runner.run('sweepSnapshots', { prepared, location: 'disks' }), {
          deleted: [],
          leftAlone: [foreign],
        });
      });

      for (const [title, from, to] of [
        ['before', 5, 10],
        ['after', -10, -5],
      ] as const)
        it(`is not the only one that stays: what was taken ${title} the backup does, too`, async () => {
          const prepared = await prepareDeletion(minutes(from), minutes(to));
          await runner.run('deleteSnapshot', { location: 'disks', snapshotId: ours });
          const swept = await runner.run('sweepSnapshots', { prepared, location: 'disks' });
          assert.deepEqual(swept.deleted, []);
          assert.deepEqual([...swept.leftAlone].toSorted(), [double, foreign].toSorted());
        });
    });
});
