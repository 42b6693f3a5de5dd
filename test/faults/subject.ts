import type { Random } from '../../tools/bench/random.ts';
import type { FaultProxy } from '../../tools/stack/fault-proxy.ts';
import type { RequestPattern } from '../../tools/stack/fault-rules.ts';
import type { ManualClock } from '../../tools/stack/provider-clock.ts';

/** By what an attempt finds its snapshotter, in whatever process it runs. */
export type Where =
  | { readonly provider: 'http'; readonly url: string; readonly indexLagMs: number }
  | { readonly provider: 'ebs'; readonly url: string; readonly region: string; readonly credentialsFile: string };

type Tags = Readonly<Record<string, string>>;

/** A provider as one run sees it, through a proxy of its own, and as it is. */
export interface Subject {
  readonly where: Where;
  readonly proxy: FaultProxy;
  /** The volume to take a snapshot of, and another one. */
  readonly volumeId: string;
  readonly anotherVolumeId: string;
  /** A snapshot to make a volume from. */
  readonly snapshotId: string;
  readonly zone: string;
  /** The requests that create, read and delete. */
  readonly requests: Readonly<Record<'creates' | 'reads' | 'deletes', RequestPattern>>;
  /** Everything there is of the run's own and of others, by the provider's own books. */
  snapshots(): Promise<string[]>;
  volumes(): Promise<string[]>;
  /** Puts a snapshot or a volume there, past all of this. */
  addSnapshot(volumeId: string, tags: Tags): Promise<string>;
  addVolume(tags: Tags): Promise<string>;
  stop(): Promise<void>;
}

export interface SubjectOptions {
  readonly clock: ManualClock;
  readonly random: Random;
  /** How old a snapshot is before a list shows it, by the clock. */
  readonly lagMs: number;
}

/** Makes the provider of one run. */
export type OpenSubject = (options: SubjectOptions) => Promise<Subject>;

/** How long a request may be on its way after its client was given up. */
export const deliveryMs = 5_000;

/** Chance, for a proxy. */
export function chanceOf(random: Random): () => number {
  return () => random.below(1_000_000) / 1_000_000;
}
