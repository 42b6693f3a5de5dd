import pLimit from 'p-limit';
import { parseGoDuration } from '../api/duration.ts';
import { errorCode } from '../api/errors.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import type { Dependencies } from './dependencies.ts';
import { isAlive, isNameInUse, leftoverPrefixes, ownerOf, prefixOf, type LeftRun } from './left-run.ts';
import { activitySignal, assertLease } from './lease.ts';
import type { OwnedPlan } from './plan.ts';
import { plansIn } from './staging.ts';
import { turnOf } from './turn.ts';

/** What has been found of runs that were cut off. */
export interface FoundLeftovers {
  /** Those whose turn it is, where there are more than one pass is to sweep. */
  readonly runs: readonly LeftRun[];
  readonly more: number;
}

/** The steps that look for what runs have left that were cut off, by `temporal workflow terminate` or with Temporal's own data. */
export interface FindLeftoversActivities {
  /**
   * Finds the runs of which something lies in a location though they do not go on, and nothing of it has changed for
   * `config.expiry.sweepAfter`. Those of other installations, whose Temporal can't be asked, do not count. Only reads.
   */
  findLeftovers(input: { readonly location: string }): Promise<FoundLeftovers>;
  /** Ends uploads that were begun as long ago, to keys of no run that goes on. Resolves with their number. Safe to repeat. */
  sweepUploads(input: { readonly location: string }): Promise<number>;
}

/** Runs of one location that one pass sweeps. */
const mostRuns = 50;
const atOnce = 16;

/** The activities over a worker's dependencies. */
export function createFindLeftovers(dependencies: Dependencies): FindLeftoversActivities {
  const { config, store, now, installation: ours } = dependencies;
  const sweepAfterMs = parseGoDuration(config.expiry.sweepAfter) ?? 0;
  const isOld = (time: string): boolean => Date.parse(time) + sweepAfterMs <= now().getTime();
  return {
    async findLeftovers({ location }) {
      const opened = await store(location);
      const found = new Map<string, { run: LeftRun; keys: string[] }>();
      for (const prefix of leftoverPrefixes) {
        for await (const key of opened.listObjects(prefix, { signal: activitySignal() })) {
          const run = ownerOf(key, location);
          if (run === undefined) continue;
          const known = found.get(prefixOf(run));
          if (known) known.keys.push(key);
          else found.set(prefixOf(run), { run, keys: [key] });
        }
      }
      const runs: LeftRun[] = [];
      for (const { run, keys } of found.values()) {
        if ((await isAlive(dependencies, run)) || !(await areOld(opened, keys)) || !(await isOurs(opened, run)))
          continue;
        runs.push(run);
      }
      const turn = turnOf(runs, { most: mostRuns, now: now() });
      return { runs: turn, more: runs.length - turn.length };
    },

    async sweepUploads({ location }) {
      const opened = await store(location);
      const signal = activitySignal();
      let ended = 0;
      for (const prefix of leftoverPrefixes) {
        for await (const upload of opened.listUploads(prefix, { signal })) {
          if (!isOld(upload.startedAt) || (await isWanted(upload.key, location))) continue;
          assertLease();
          await opened.endUpload(upload, { signal });
          ended++;
        }
      }
      return ended;
    },
  };

  async function areOld(opened: ObjectStore, keys: readonly string[]): Promise<boolean> {
    const signal = activitySignal();
    let old = true;
    await pLimit(atOnce).map(keys, async (key) => {
      if (!old) return;
      try {
        old &&= isOld((await opened.statObject(key, { signal })).modifiedAt);
      } catch (error) {
        if (errorCode(error) !== 'NotFound') throw error;
      }
    });
    return old;
  }

  /** A plan that can't be read is met again by `sweepRun`, which says so; without a plan nobody could have gone on for so long. */
  async function isOurs(opened: ObjectStore, run: LeftRun): Promise<boolean> {
    if (run.kind === 'check') return true;
    try {
      const plans = await plansIn<OwnedPlan>(opened, prefixOf(run));
      return plans.every(({ installation = ours }) => installation === ours);
    } catch (error) {
      if (errorCode(error) !== 'CorruptBackup') throw error;
      return true;
    }
  }

  /** Whether an upload may be that of a run that goes on. Of one whose key nobody knows, its age alone tells. */
  async function isWanted(key: string | undefined, location: string): Promise<boolean> {
    if (key === undefined) return false;
    const owner = ownerOf(key, location);
    if (owner) return isAlive(dependencies, owner);
    const [, directory, name] = /^(backups|restores)\/([^/]+)\//.exec(key) ?? [];
    if (name === undefined) return true;
    return isNameInUse(dependencies, { kind: directory === 'backups' ? 'backup' : 'restore', name });
  }
}
