import pLimit from 'p-limit';
import { Random } from '../../tools/bench/random.ts';
import { faultyRun, type Figures } from './run.ts';
import type { OpenSubject } from './subject.ts';

export interface RunsOptions {
  readonly open: OpenSubject;
  readonly runs: number;
  /** In how many of them a process is killed. */
  readonly kills: number;
  /** Decides everything that is left to chance. */
  readonly seed: number;
}

/** Runs side by side: each with at most one process of its own. */
const sideBySide = 4;

/** Many runs, half of them of snapshots and half of volumes, and their figures together. Rejects, naming the run, if one can't end. */
export async function faultyRuns({ open, runs, kills, seed }: RunsOptions): Promise<Figures> {
  const limit = pLimit(sideBySide);
  const figures = await Promise.all(
    Array.from({ length: runs }, (_, index) =>
      limit(async () => {
        const random = new Random(seed * 1_000_003 + index);
        const makes = index % 2 === 0 ? 'snapshot' : 'volume';
        try {
          return await faultyRun({ open, makes, random, kill: index < kills });
        } catch (error) {
          limit.clearQueue();
          throw new Error(`run ${index} of seed ${seed}, of a ${makes}`, { cause: error });
        }
      }),
    ),
  );
  return figures.reduce(sum);
}

/** The figures of both together. */
export function sum(one: Figures, other: Figures): Figures {
  const keys = Object.keys(one) as (keyof Figures)[];
  return Object.fromEntries(keys.map((key) => [key, one[key] + other[key]])) as unknown as Figures;
}
