import type { Random } from '../../tools/bench/random.ts';
import { persistentVolume } from './attempt.ts';
import type { Subject } from './subject.ts';

/** Snapshots and volumes that are not the run's own, though they bear copies of its tags. */
export class Foreign {
  readonly #subject: Subject;
  readonly #uid: string;
  readonly #random: Random;
  readonly #snapshots = new Set<string>();
  readonly #volumes = new Set<string>();

  constructor(subject: Subject, uid: string, random: Random) {
    this.#subject = subject;
    this.#uid = uid;
    this.#random = random;
    this.#snapshots.add(subject.snapshotId);
    this.#volumes.add(subject.volumeId).add(subject.anotherVolumeId);
  }

  has(id: string): boolean {
    return this.#snapshots.has(id) || this.#volumes.has(id);
  }

  /** Puts more there, as tools of a cloud do at any time, or not. */
  async plant(): Promise<void> {
    const { volumeId, anotherVolumeId } = this.#subject;
    const own = {
      'velero.io/backup': 'nightly',
      'velero.io/backup-uid': this.#uid,
      'velero.io/pv': persistentVolume,
      'velero.io/source-volume': volumeId,
    };
    const { 'velero.io/pv': _pv, ...incomplete } = own;
    const copy = this.#random.pick([
      undefined,
      { of: anotherVolumeId, tags: own },
      { of: volumeId, tags: { ...own, 'velero.io/backup-uid': 'another-run' } },
      { of: volumeId, tags: incomplete },
    ]);
    if (copy === undefined) return;
    this.#snapshots.add(await this.#subject.addSnapshot(copy.of, copy.tags));
    const volumeTags = { 'velero.io/restore-uid': this.#uid, 'velero.io/pv': persistentVolume };
    this.#volumes.add(await this.#subject.addVolume(volumeTags));
  }

  /** How many of them are gone. */
  async missing(): Promise<number> {
    const there = new Set([...(await this.#subject.snapshots()), ...(await this.#subject.volumes())]);
    return [...this.#snapshots, ...this.#volumes].filter((id) => !there.has(id)).length;
  }
}
