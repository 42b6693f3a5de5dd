import type { RunRef } from '../../src/api/run.ts';
import { ProviderSnapshotter } from '../../tools/stack/provider-snapshotter.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';

/** What one attempt is to make, and where. */
export interface Attempt {
  readonly makes: 'snapshot' | 'volume';
  /** Of the run that it belongs to. */
  readonly uid: string;
  readonly attempt: number;
  /** The provider's, or a proxy's before it. */
  readonly url: string;
  readonly indexLagMs: number;
  /** What a volume is made from. */
  readonly snapshotId?: string;
}

/** The volume that every run takes a snapshot of, and its PersistentVolume. */
export const subject = { volumeId: 'vol-a', persistentVolume: 'pv-1' } as const;

/** The run whose uid is `uid`. */
export function runRef(uid: string): RunRef {
  return { kind: 'backup', name: 'nightly', uid, location: 'default', staging: 'default' };
}

/** What runs one attempt as a worker of its own would: it shares nothing with another one's but the provider. */
export function attemptRunner({ url, indexLagMs }: Pick<Attempt, 'url' | 'indexLagMs'>): ActivityRunner {
  const snapshotter = new ProviderSnapshotter({ url, indexLagMs });
  return new ActivityRunner({ snapshotter: async () => snapshotter });
}

/** Makes an attempt. Resolves with the id of the snapshot or the volume; rejects as the activity does. */
export async function make({ makes, uid, attempt, snapshotId = '', ...where }: Attempt): Promise<string> {
  const runner = attemptRunner(where);
  const { volumeId, persistentVolume } = subject;
  if (makes === 'snapshot') {
    const request = { name: 'nightly', spec: {} };
    const { run, plan } = await runner.run('prepareBackup', request, workflow('backup/nightly', uid));
    const input = { run, plan, location: 'disks', volumeId, zone: '', persistentVolume };
    return runner.run('createSnapshot', input, { attempt });
  }
  const spec = {
    backupName: 'nightly',
    backupUID: 'the-backup',
    location: 'disks',
    persistentVolumeName: persistentVolume,
    providerVolumeID: volumeId,
    volumeType: 'slow',
  };
  const snapshot = { spec, status: { phase: 'Completed' as const, providerSnapshotID: snapshotId } };
  const input = { run: runRef(uid), volume: { persistentVolume, snapshot } };
  return runner.run('createVolumeFromSnapshot', input, { attempt });
}
