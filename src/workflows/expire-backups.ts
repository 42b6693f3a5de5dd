import { ApplicationFailure, setCurrentDetails, startChild } from '@temporalio/workflow';
import type { DueDeletion } from '../activities/plan-expiry.ts';
import { errorCode } from '../api/errors.ts';
import type { ExpiredBackups, ExpiredLocation } from '../api/expiry.ts';
import { looks, passes } from './activity-options.ts';
import type { deleteBackup } from './delete-backup.ts';
import { endingOf, historyIsLong, isCancelled } from './endings.ts';
import { inLanes } from './lanes.ts';

/** Locations that are worked on side by side. */
const width = 4;
const mostRemarks = 20;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Starts the deletion of every backup that has expired or that the rules of its schedule keep no longer, never that of the last good
 * one of a schedule (`expiry.removeLast`), and sweeps what runs have left that were terminated (`expiry.sweepAfter`), location by location.
 * Deletions go on by themselves. What can't be done in one location keeps no other from its turn; the workflow then fails in the end, with
 * the whole result in its details, and the next one tries again. Takes no argument; any workflow id will do.
 */
export async function expireBackups(): Promise<ExpiredBackups> {
  const names = await looks.listLocations.executeWithOptions({ summary: 'from the configuration' }, []);
  const locations: ExpiredLocation[] = [];
  await inLanes(width, names, async (name, index) => {
    locations[index] = await expireLocation(name);
    setCurrentDetails(locations.flatMap(lineOf).join('\n'));
  });
  const failed = locations.filter(({ phase }) => phase === 'Failed');
  if (failed.length === 0) return { locations };
  const message = failed.map((location) => `${location.name}: ${location.message}`).join('; ');
  throw ApplicationFailure.create({
    message: `not all locations could be looked at: ${message}`,
    type: failed[0]!.code ?? 'Unexpected',
    nonRetryable: true,
    details: [{ locations } satisfies ExpiredBackups],
  });
}

async function expireLocation(name: string): Promise<ExpiredLocation> {
  const done = new LocationPass(name);
  try {
    await done.run();
  } catch (error) {
    if (isCancelled()) throw error;
    const { reason, type } = endingOf(error);
    Object.assign(done.result, { phase: 'Failed', message: reason, code: errorCode({ code: type }) ?? 'Unavailable' });
  }
  return done.result;
}

/** One pass over one location. */
class LocationPass {
  readonly result: Mutable<ExpiredLocation>;
  readonly #deleting: string[] = [];
  readonly #swept: Mutable<ExpiredLocation['swept']> = { runs: 0, snapshots: 0, volumes: 0, files: 0, uploads: 0 };
  readonly #remarks: string[] = [];

  constructor(name: string) {
    this.result = {
      name,
      phase: 'Done',
      backups: 0,
      deleting: this.#deleting,
      more: 0,
      lastGood: 0,
      swept: this.#swept,
      remarks: this.#remarks,
    };
  }

  async run(): Promise<void> {
    const location = this.result.name;
    const plan = await passes.planExpiry.executeWithOptions({ summary: location }, [{ location }]);
    const { isReadOnly, backups, deletions, more, lastGood, remarks } = plan;
    Object.assign(this.result, { backups, more, lastGood });
    if (isReadOnly) {
      this.result.phase = 'ReadOnly';
      return;
    }
    for (const remark of remarks) this.#remark(remark);
    for (const deletion of deletions) {
      if (historyIsLong()) this.result.more++;
      else if (await startDeletion(deletion)) this.#deleting.push(deletion.name);
    }
    await this.#sweep(location);
  }

  /** What can't be removed of one run is told, and tried again by the next pass. */
  async #sweep(location: string): Promise<void> {
    const { runs } = await passes.findLeftovers.executeWithOptions({ summary: location }, [{ location }]);
    for (const run of runs) {
      if (historyIsLong()) return;
      const what = `${run.kind} ${run.name} ${run.uid}`;
      try {
        const swept = await passes.sweepRun.executeWithOptions({ summary: what }, [run]);
        this.#swept.runs++;
        for (const count of ['snapshots', 'volumes', 'files'] as const) this.#swept[count] += swept[count];
        for (const remark of swept.remarks) this.#remark(remark);
      } catch (error) {
        if (isCancelled()) throw error;
        this.#remark(`what is left of ${what} stays: ${endingOf(error).reason}`);
      }
    }
    try {
      this.#swept.uploads = await passes.sweepUploads.executeWithOptions({ summary: location }, [{ location }]);
    } catch (error) {
      if (isCancelled()) throw error;
      this.#remark(`unfinished uploads in ${location} stay: ${endingOf(error).reason}`);
    }
  }

  #remark(remark: string): void {
    if (this.#remarks.length < mostRemarks) this.#remarks.push(remark);
  }
}

/** Whether it was started now: it may be at work already. It goes on whatever becomes of this workflow. */
async function startDeletion({ name, workflowId, reason }: DueDeletion): Promise<boolean> {
  try {
    await startChild<typeof deleteBackup>('deleteBackup', {
      workflowId,
      args: [{ name }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      parentClosePolicy: 'ABANDON',
      cancellationType: 'ABANDON',
      staticSummary: `delete ${name}: ${reason}`,
    });
    return true;
  } catch (error) {
    if ((error as Error).name === 'WorkflowExecutionAlreadyStartedError') return false;
    throw error;
  }
}

function lineOf({ name, phase, backups, deleting, lastGood, swept, remarks, message }: ExpiredLocation): string[] {
  const counts = [
    `${backups} backups`,
    `${deleting.length} being deleted`,
    ...(lastGood > 0 ? [`${lastGood} kept as the last good ones`] : []),
    ...Object.entries(swept).flatMap(([what, count]) => (count > 0 ? [`${count} ${what} swept`] : [])),
  ];
  const outcome = phase === 'Done' ? counts.join(', ') : [phase, message].filter(Boolean).join(': ');
  return [`- ${name}: ${outcome}`, ...remarks.map((remark) => `- ${name}: ${remark}`)];
}
