import pLimit from 'p-limit';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { loadConfig } from '../../src/config.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import { providerDriver, type ProviderSnapshotterOptions } from '../stack/provider-snapshotter.ts';
import type { SlotsQuestion } from '../stack/slot-samples.ts';
import { startSnapshotProvider, type SnapshotProvider } from '../stack/snapshot-provider.ts';
import type { SnapshotsOptions } from './arguments.ts';
import { runJob, type EndedJob } from './job.ts';
import type { BenchStack } from './stack.ts';
import { rounded, type SnapshotsResult } from './statistics.ts';
import type { Telling } from './telling.ts';

/** What the configuration says of the snapshots: no rate, so that many are pending at once. The worker brings the snapshotter itself. */
export const snapshotSettings = {
  volumeSnapshotLocations: [{ name: 'disks', provider: 'snapshot-provider', limits: { perSecond: 1_000 } }],
};

/** How long the provider takes to accept a snapshot: about as long as EC2 does. */
const acceptMs = 200;

/** Objects being created at the same time. */
const creations = 64;

/** Measures a backup of many volumes whose snapshots take their time. */
export async function benchSnapshots(
  stack: BenchStack,
  { count, providerSeconds, profiles }: SnapshotsOptions,
  { say, tell }: Telling,
): Promise<SnapshotsResult> {
  const provider = await startSnapshotProvider({ acceptMs, pendingMs: providerSeconds * 1_000 });
  say(`creating ${count} PersistentVolumes`);
  await createVolumes(stack, provider, count);
  const snapshotter: ProviderSnapshotterOptions = { url: provider.url };
  let slotsHeldWaiting = NaN;
  const ended = await runJob(
    stack,
    { type: 'backup', name: 'volumes', spec: {} },
    {
      profiles,
      script: '../stack/snapshot-worker.ts',
      args: [JSON.stringify(snapshotter)],
      async afterwards(child, { history }) {
        slotsHeldWaiting = await child.ask<number>(waitingOf(history) satisfies SlotsQuestion);
      },
    },
  );
  await provider.stop();
  tell(`backup of ${count} volumes`, ended);
  const { from, to } = waitingOf(ended.history);
  say(
    `only waiting was left for ${rounded((to - from) / 1_000, 2)} s, in which the provider was asked ${provider.polls} times`,
  );
  const { events, longest, bytes } = ended.history;
  say(`history: ${events} events (${longest} in the longest one), ${Math.round(bytes / 1_024)} KiB`);
  return {
    count,
    completed: ended.result.volumes.completed,
    seconds: rounded(ended.seconds, 3),
    secondsAfterLastAcceptance: rounded((to - provider.lastAcceptedAt) / 1_000, 3),
    slotsHeldWaiting,
  };
}

/** From the first wait that was begun to the last one that ended. */
function waitingOf({ activities }: EndedJob['history']): { readonly from: number; readonly to: number } {
  const waits = activities.get('awaitSnapshot');
  if (waits === undefined) throw new Error('the backup has waited for no snapshot');
  return waits;
}

async function createVolumes({ configFile }: BenchStack, provider: SnapshotProvider, count: number): Promise<void> {
  const cluster = await connect((await loadConfig({ file: configFile, env: {} })).kubernetes);
  const resource = (await cluster.discover()).find('persistentvolumes');
  if (resource === undefined) throw new Error('the cluster does not serve persistentvolumes');
  const limit = pLimit(creations);
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      limit(async () => {
        const volumeHandle = `vol-${index}`;
        provider.addVolume(volumeHandle);
        await cluster.create(resource, persistentVolume(`pv-${index}`, volumeHandle));
      }),
    ),
  );
  await cluster.close();
}

function persistentVolume(name: string, volumeHandle: string): Unstructured {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      csi: { driver: providerDriver, volumeHandle },
    },
  };
}
