import assert from 'node:assert/strict';
import { volumeSnapshotterChecks } from '../../../src/plugins/conformance/volume-snapshotter.ts';
import { ManualClock } from '../../../tools/stack/provider-clock.ts';
import { providerDriver, ProviderSnapshotter } from '../../../tools/stack/provider-snapshotter.ts';
import {
  startSnapshotProvider,
  type SnapshotProvider,
  type SnapshotProviderOptions,
} from '../../../tools/stack/snapshot-provider.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { object } from '../../support/objects.ts';

const providers: SnapshotProvider[] = [];

async function start(options: SnapshotProviderOptions = {}): Promise<SnapshotProvider> {
  const provider = await startSnapshotProvider(options);
  provider.addVolume('vol-a');
  providers.push(provider);
  return provider;
}

describe('snapshot provider', () => {
  const clock = new ManualClock();
  const owner = { uid: 'run-1', persistentVolume: 'pv-1' };
  const snapshot = { volumeId: 'vol-a', zone: '', tags: { team: 'a' }, owner };
  const volume = { type: 'slow', zone: '', tags: {}, owner };

  afterEach(() => Promise.all(providers.splice(0).map((provider) => provider.stop())));

  it('completes a snapshot when its clock says so, and tells how far it is', async () => {
    const { url } = await start({ now: clock.now, pendingMs: 1_800_000 });
    const snapshotter = new ProviderSnapshotter({ url, pollAfterMs: 70 });
    const snapshotId = await snapshotter.createSnapshot(snapshot);
    clock.advance(900_000);
    assert.deepEqual(await snapshotter.snapshotStatus(snapshotId), { phase: 'Pending', percent: 50, pollAfterMs: 70 });
    clock.advance(900_000);
    assert.equal((await snapshotter.snapshotStatus(snapshotId)).phase, 'Ready');
  });

  it('makes a second snapshot where its list lags, but one volume per token', async () => {
    const provider = await start({ now: clock.now, indexLagMs: 1_000 });
    const snapshotter = new ProviderSnapshotter({ url: provider.url });
    const first = await snapshotter.createSnapshot(snapshot);
    const second = await snapshotter.createSnapshot(snapshot);
    assert.notEqual(first, second);
    clock.advance(1_000);
    assert.ok([first, second].includes(await snapshotter.createSnapshot(snapshot)));
    assert.equal(provider.snapshots.size, 2);

    const request = { ...volume, snapshotId: first };
    const volumeId = await snapshotter.createVolumeFromSnapshot(request);
    assert.equal(await new ProviderSnapshotter({ url: provider.url }).createVolumeFromSnapshot(request), volumeId);
    assert.equal(provider.volumes.get(volumeId)?.snapshotId, first);
  });

  it('takes no snapshot of another volume for its own, whatever its tags', async () => {
    const provider = await start();
    const tags = { 'velero.io/backup-uid': 'run-1', 'velero.io/pv': 'pv-1' };
    const foreign = provider.addSnapshot({ volumeId: 'vol-b', tags, createdAt: 0 });
    const own = await new ProviderSnapshotter({ url: provider.url }).createSnapshot(snapshot);
    assert.notEqual(own, foreign.snapshotId);
    assert.deepEqual(provider.snapshots.get(own)?.tags, { team: 'a', ...tags });
  });

  it('answers so many requests a second, and tells the others to wait', async () => {
    const { url } = await start({ requestsPerSecond: 3 });
    const snapshotter = new ProviderSnapshotter({ url });
    const asked = await Promise.allSettled(Array.from({ length: 6 }, () => snapshotter.getVolumeInfo('vol-a', '')));
    const refused = asked.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    assert.equal(refused.length, 3);
    for (const { code, retryAfterMs } of refused) assert.deepEqual([code, retryAfterMs], ['Throttled', 1_000]);
  });

  it('takes its time to accept', async () => {
    const provider = await start({ acceptMs: 40 });
    const startedAt = Date.now();
    await new ProviderSnapshotter({ url: provider.url }).createSnapshot(snapshot);
    assert.ok(provider.lastAcceptedAt - startedAt >= 39);
  });
});

describe('volume snapshotter: of the snapshot provider', () => {
  let provider: SnapshotProvider;

  before(async () => {
    provider = await startSnapshotProvider();
    provider.addVolume('vol-a');
  });
  after(() => provider.stop());

  itConforms(
    volumeSnapshotterChecks,
    async () => ({
      snapshotter: new ProviderSnapshotter({ url: provider.url }),
      persistentVolume: object('v1 PersistentVolume', 'pv-1', {
        spec: { csi: { driver: providerDriver, volumeHandle: 'vol-a' } },
      }),
      zone: '',
    }),
    {
      'a snapshot holds what was in the volume when it was asked for': 'its volumes hold nothing',
      'a volume made from a snapshot is in the zone that was asked for': 'it has no zones',
    },
  );
});
