import type { Random } from '../../tools/bench/random.ts';
import type { Clock } from '../../tools/stack/provider-clock.ts';
import type { SnapshotProvider } from '../../tools/stack/snapshot-provider.ts';
import { subject } from './attempt.ts';

/** Snapshots and volumes that are not the run's, though they bear copies of its tags. */
export interface Foreign {
  readonly snapshots: Set<string>;
  readonly volumes: Set<string>;
  /** Puts more there, as tools of a cloud do at any time. */
  plantMore(): void;
  /** How many of them are gone. */
  missingFrom(provider: SnapshotProvider): number;
}

/** Puts foreign snapshots and volumes beside those that a run is going to make. */
export function plantForeign(
  provider: SnapshotProvider,
  { uid, random, now }: { readonly uid: string; readonly random: Random; readonly now: Clock },
): Foreign {
  const own = {
    'velero.io/backup': 'nightly',
    'velero.io/backup-uid': uid,
    'velero.io/pv': subject.persistentVolume,
    'velero.io/source-volume': subject.volumeId,
  };
  const { 'velero.io/pv': _pv, ...incomplete } = own;
  const copies = [
    { volumeId: 'vol-b', tags: own },
    { volumeId: subject.volumeId, tags: { ...own, 'velero.io/backup-uid': 'another-run' } },
    { volumeId: subject.volumeId, tags: incomplete },
  ];
  const snapshots = new Set<string>();
  const volumes = new Set<string>([subject.volumeId]);

  function plantMore(): void {
    const copy = random.pick([undefined, ...copies]);
    if (copy === undefined) return;
    snapshots.add(provider.addSnapshot({ ...copy, createdAt: now() }).snapshotId);
    const volumeId = `vol-foreign-${volumes.size}`;
    provider.addVolume(volumeId, { 'velero.io/restore-uid': uid, 'velero.io/pv': subject.persistentVolume });
    volumes.add(volumeId);
  }

  plantMore();
  return {
    snapshots,
    volumes,
    plantMore,
    missingFrom: (after) =>
      [...snapshots].filter((id) => !after.snapshots.has(id)).length +
      [...volumes].filter((id) => !after.volumes.has(id)).length,
  };
}
