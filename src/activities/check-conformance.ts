import { activityInfo } from '@temporalio/activity';
import type { CheckOutcome } from '../api/conformance.ts';
import { BowlineError, errorCode, isPermanent } from '../api/errors.ts';
import { pluginsDirectory } from '../backup-format/layout.ts';
import { objectStoreChecks } from '../plugins/conformance/object-store.ts';
import { readOnlyObjectStoreChecks } from '../plugins/conformance/object-store-read-only.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { interruptible } from '../plugins/object-stores/interruptible.ts';
import { prefixed } from '../plugins/object-stores/prefixed.ts';
import type { Dependencies } from './dependencies.ts';
import { invalidSpec } from './failures.ts';
import { activitySignal, undoIfLeaseIsLost } from './lease.ts';
import { deleteAll } from './put-object.ts';
import { requestProblems } from './request.ts';

/** What starts the checks of a storage location. */
export interface ConformanceRequest {
  /** The storage location's. */
  readonly name: string;
}

/** What the workflow keeps of the preparation. */
export interface PreparedConformance {
  readonly location: string;
  /** Where checks write, a folder for each attempt. Absent for a location that is only read. */
  readonly scratch?: string;
  /** Location and scratch, for people. */
  readonly url: string;
  /** The titles of the checks, in order. */
  readonly checks: readonly string[];
  /** Whether the search attributes are registered. */
  readonly searchAttributes: boolean;
}

/** A check to be done. */
export interface VerifyCheckInput {
  readonly prepared: Pick<PreparedConformance, 'location' | 'scratch'>;
  readonly title: string;
  /** The check's place among all. */
  readonly index: number;
}

/** The steps that check whether a storage location keeps the promises of an object store. */
export interface CheckConformanceActivities {
  /** Opens the location anew and tells which checks there are. Fails with `InvalidSpec`, or what opening met. Writes nothing. */
  prepareConformance(request: ConformanceRequest): Promise<PreparedConformance>;
  /**
   * Does one check, in a folder of this attempt's own, and empties that. A check that fails is a result; a fault that may pass is
   * thrown, for the check to be done again.
   */
  verifyCheck(input: VerifyCheckInput): Promise<CheckOutcome>;
  /** Removes everything that the checks of this run have written. Safe to repeat. */
  deleteScratch(prepared: Pick<PreparedConformance, 'location' | 'scratch'>): Promise<void>;
}

/** Characters of a message that go into the history: some messages show two lists of a thousand keys. */
const longestMessage = 1_000;

/** The activities over a worker's dependencies. */
export function createCheckConformance(dependencies: Dependencies): CheckConformanceActivities {
  const { config, store, openStore, searchAttributes } = dependencies;
  return {
    async prepareConformance(request) {
      const { idPrefix } = config.temporal;
      const problems = requestProblems({ request, kind: 'check-conformance', idPrefix, fields: ['name'] });
      const location = config.backupStorageLocations.find(({ name }) => name === request?.name);
      if (location === undefined) {
        const known = config.backupStorageLocations.map(({ name }) => name).join(', ') || 'none';
        problems.push(`name: no storage location is named ${String(request?.name)}; known are: ${known}`);
      }
      if (location === undefined || problems.length > 0) throw invalidSpec(problems);
      const { name } = location;
      const { url } = await openStore(name);
      const known = { location: name, searchAttributes };
      if (location.accessMode === 'ReadOnly') return { ...known, url, checks: titles(readOnlyObjectStoreChecks) };
      const scratch = `${pluginsDirectory}bowline-validate-${activityInfo().workflowExecution?.runId ?? 'local'}/`;
      return { ...known, url: `${url}/${scratch}`, scratch, checks: titles(objectStoreChecks) };
    },

    async verifyCheck({ prepared: { location, scratch }, title, index }) {
      const opened = await store(location);
      if (scratch === undefined) return verify(opened, { checks: readOnlyObjectStoreChecks, title });
      const folder = `${scratch}${index + 1}-${activityInfo().attempt}`;
      // The run may have ended without this attempt, and removed its scratch by then.
      undoIfLeaseIsLost(() => deleteAll(opened, `${folder}/`, {}));
      const outcome = await verify(prefixed(opened, folder), { checks: objectStoreChecks, title });
      // What this can't remove is met again by `deleteScratch`, which says so.
      await deleteAll(opened, `${folder}/`, { signal: activitySignal() }).catch(() => undefined);
      return outcome;
    },

    async deleteScratch({ location, scratch }) {
      if (scratch === undefined) return;
      const [opened, signal] = [await store(location), activitySignal()];
      // A worker that died in the middle of a check may have left one.
      for await (const upload of opened.listUploads(scratch, { signal }))
        if (upload.key?.startsWith(scratch)) await opened.endUpload(upload, { signal });
      await deleteAll(opened, scratch, { signal });
    },
  };
}

async function verify(
  store: ObjectStore,
  { checks, title }: { readonly checks: typeof objectStoreChecks; readonly title: string },
): Promise<CheckOutcome> {
  const check = checks.find((candidate) => candidate.title === title);
  if (check === undefined) throw new BowlineError('Unsupported', `check ${title}: this worker does not know it`);
  const signal = activitySignal();
  try {
    await check.verify(interruptible(store, signal));
    return { title, outcome: 'passed' };
  } catch (error) {
    if (signal.aborted || (errorCode(error) !== undefined && !isPermanent(error))) throw error;
    return { title, outcome: 'failed', message: shown((error as Error).message) };
  }
}

/** What of a message may enter a history: an assertion may quote the whole of an error, with the request that met it. */
function shown(message: string): string {
  return message.split('Caught error:')[0]!.trimEnd().slice(0, longestMessage);
}

function titles(checks: readonly { readonly title: string }[]): string[] {
  return checks.map(({ title }) => title);
}
