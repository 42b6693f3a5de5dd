import { startFaultProxy } from '../../tools/stack/fault-proxy.ts';
import { startSnapshotProvider } from '../../tools/stack/snapshot-provider.ts';
import { chanceOf, deliveryMs, type OpenSubject } from './subject.ts';

/** A snapshot provider of our own. `tellsLag` is whether its snapshotter says how long its lists lag. */
export function httpSubject({ tellsLag = true }: { readonly tellsLag?: boolean } = {}): OpenSubject {
  return async ({ clock, random, lagMs }) => {
    const provider = await startSnapshotProvider({ now: clock.now, indexLagMs: lagMs });
    const proxy = await startFaultProxy(provider.url, { random: chanceOf(random) });
    const [volumeId, anotherVolumeId] = ['vol-a', 'vol-b'];
    provider.addVolume(volumeId);
    provider.addVolume(anotherVolumeId);
    const addSnapshot = async (of: string, tags: Readonly<Record<string, string>>): Promise<string> =>
      provider.addSnapshot({ volumeId: of, tags, createdAt: clock.now() }).snapshotId;
    let added = 0;
    return {
      where: { provider: 'http', url: proxy.url, indexLagMs: tellsLag ? lagMs + deliveryMs : 0 },
      proxy,
      volumeId,
      anotherVolumeId,
      snapshotId: await addSnapshot(volumeId, {}),
      zone: '',
      requests: { creates: { method: 'POST' }, reads: { method: 'GET' }, deletes: { method: 'DELETE' } },
      snapshots: async () => [...provider.snapshots.keys()],
      volumes: async () => [...provider.volumes.keys()],
      addSnapshot,
      async addVolume(tags) {
        const id = `vol-added-${++added}`;
        provider.addVolume(id, tags);
        return id;
      },
      async stop() {
        await proxy.stop();
        await provider.stop();
      },
    };
  };
}
