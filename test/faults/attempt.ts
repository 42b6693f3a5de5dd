import type { RunRef } from '../../src/api/run.ts';
import type { VolumeSnapshotter } from '../../src/plugins/volume-snapshotter.ts';
import { aws } from '../../src/plugins/volume-snapshotters/aws.ts';
import { ProviderSnapshotter } from '../../tools/stack/provider-snapshotter.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import type { Where } from './subject.ts';

/** What one attempt is to make, and where. */
export interface Attempt {
  readonly makes: 'snapshot' | 'volume';
  /** Of the run that it belongs to. */
  readonly uid: string;
  readonly attempt: number;
  readonly where: Where;
  readonly volumeId: string;
  readonly zone: string;
  /** What a volume is made from. */
  readonly snapshotId: string;
}

/** The PersistentVolume of the volume. */
export const persistentVolume = 'pv-1';

/** The run whose uid is `uid`. */
export function runRef(uid: string): RunRef {
  return { kind: 'backup', name: 'nightly', uid, location: 'default', staging: 'default' };
}

/** What runs one attempt as a worker of its own would: it shares nothing with another one's but the provider. */
export async function attemptRunner(where: Where): Promise<ActivityRunner> {
  const snapshotter = await openSnapshotter(where);
  return new ActivityRunner({ snapshotter: async () => snapshotter });
}

/** Makes an attempt. Resolves with the id of the snapshot or the volume; rejects as the activity does. */
export async function make({ makes, uid, attempt, where, volumeId, zone, snapshotId }: Attempt): Promise<string> {
  const runner = await attemptRunner(where);
  if (makes === 'snapshot') {
    const request = { name: 'nightly', spec: {} };
    const { run, plan } = await runner.run('prepareBackup', request, workflow('backup/nightly', uid));
    return runner.run(
      'createSnapshot',
      { run, plan, location: 'disks', volumeId, zone, persistentVolume },
      { attempt },
    );
  }
  const spec = {
    backupName: 'nightly',
    backupUID: 'the-backup',
    location: 'disks',
    persistentVolumeName: persistentVolume,
    providerVolumeID: volumeId,
    volumeType: 'gp2',
    volumeAZ: zone,
  };
  const snapshot = { spec, status: { phase: 'Completed' as const, providerSnapshotID: snapshotId } };
  const input = { run: runRef(uid), volume: { persistentVolume, snapshot } };
  return runner.run('createVolumeFromSnapshot', input, { attempt });
}

function openSnapshotter(where: Where): Promise<VolumeSnapshotter> | VolumeSnapshotter {
  if (where.provider === 'http') return new ProviderSnapshotter(where);
  const { region, url, credentialsFile } = where;
  return aws({ region, ec2Url: url, credentialsFile });
}
