import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { BowlineError } from '../api/errors.ts';
import { parseJson } from '../api/json.ts';
import type { PlanComplaint, PlanLine, PlannedChange } from '../api/planned-change.ts';
import type { RunResult, RunStatus } from '../workflows/messages.ts';
import type { RunHandle } from './run-handle.ts';
import { readObject, type Stores } from './stores.ts';

const decompress = promisify(gunzip);

/** More than the plan of any cluster unpacks to. */
const maxUnpackedBytes = 1024 * 1024 * 1024;

/** What a restore would do. */
export interface DryRun {
  /** In the order of the restore. */
  readonly changes: readonly PlannedChange[];
  /** What else there is to tell. */
  readonly complaints: readonly PlanComplaint[];
  /** Counts: conflicts among the warnings, refusals among the errors. */
  readonly result: RunResult;
}

/** Waits for a dry run's plan, reads it, and lets the run remove it. Rejects as `RunHandle.result`. */
export async function readDryRun(handle: RunHandle, stores: Stores, signal?: AbortSignal): Promise<DryRun> {
  for await (const { plan } of handle.watch({ everyMs: 200, ...(signal && { signal }) })) {
    if (plan === undefined) continue;
    const lines = await readPlan(plan, stores);
    await handle.takePlan();
    return {
      changes: lines.flatMap((line) => ('change' in line ? line.change : [])),
      complaints: lines.flatMap((line) => ('complaint' in line ? line.complaint : [])),
      result: await handle.result(),
    };
  }
  if (signal?.aborted) throw new BowlineError('Interrupted', `plan of ${handle.workflowId}: interrupted`);
  await handle.result();
  throw new BowlineError('NotFound', `plan of ${handle.workflowId}: the run has ended, and its plan is gone`);
}

async function readPlan(
  { location, key, sha256 }: NonNullable<RunStatus['plan']>,
  stores: Stores,
): Promise<PlanLine[]> {
  const store = await stores.open(location);
  const tried = `read ${store.url}/${key}`;
  const bytes = await readObject(store, key);
  if (bytes === undefined) throw new BowlineError('NotFound', `${tried}: it is gone`);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw new BowlineError('CorruptBackup', `${tried}: its SHA-256 is not the one that the run told`);
  const text = (await decompress(bytes, { maxOutputLength: maxUnpackedBytes })).toString('utf8');
  return text === '' ? [] : text.split('\n').map((line) => parseJson(line) as unknown as PlanLine);
}
