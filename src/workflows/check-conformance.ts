import { CancellationScope, rootCause, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { ConformanceRequest, PreparedConformance } from '../activities/check-conformance.ts';
import type { CheckOutcome, ConformanceResult, ConformanceStatus } from '../api/conformance.ts';
import { checks, cleanup, looks } from './activity-options.ts';
import { applicationFailureOf, endingOf, failedPhase, failureOf, isCancelled } from './endings.ts';
import { conformanceStatusQuery, statusQueryDescription } from './messages.ts';
import { setSearchAttributes } from './progress.ts';

/** The last of the checks, where the others wrote something. */
const removal = 'what the checks wrote is removed';

/**
 * Checks whether a storage location keeps the promises of an object store, one check per activity, in a scratch folder that goes at
 * the end, however the run ends; of a cancelled one the query tells whether it did. A location that is `ReadOnly` is only read. A
 * check that fails is part of the result; the workflow fails if the location can't be opened. If the first check fails, or one can't
 * be done at all, the others are skipped.
 *
 * The workflow id is `check-conformance/<location>`, and `{ name }`, the location's, the one argument.
 */
export async function checkConformance(request: ConformanceRequest): Promise<ConformanceResult> {
  const run = new ConformanceRun(String(request?.name));
  let prepared: PreparedConformance | undefined;
  try {
    prepared = await looks.prepareConformance.executeWithOptions({ summary: 'open' }, [request]);
    run.begin(prepared);
    await verifyAll(prepared, run);
    await removeScratch(prepared, run);
  } catch (error) {
    const ending = endingOf(error);
    if (prepared) await removeScratch(prepared, run);
    const phase = failedPhase(ending);
    run.update({ phase: phase === 'FailedValidation' ? 'Failed' : phase });
    throw failureOf(error, ending);
  }
  run.update({ phase: 'Completed', step: 'Completed' });
  return run.result(prepared);
}

async function verifyAll(prepared: PreparedConformance, run: ConformanceRun): Promise<void> {
  for (const [index, title] of prepared.checks.entries()) {
    run.update({ step: title });
    const outcome = await verify(prepared, { title, index });
    run.add(outcome);
    const isHopeless = outcome.isUndone || (index === 0 && outcome.outcome === 'failed');
    if (!isHopeless) continue;
    const message = outcome.isUndone ? 'one before it could not be done' : 'the first check has failed';
    for (const skipped of prepared.checks.slice(index + 1)) run.add({ title: skipped, outcome: 'skipped', message });
    return;
  }
}

async function verify(
  prepared: PreparedConformance,
  check: { readonly title: string; readonly index: number },
): Promise<CheckOutcome & { readonly isUndone?: boolean }> {
  const { location, scratch } = prepared;
  const input = { prepared: { location, ...(scratch !== undefined && { scratch }) }, ...check };
  try {
    return await checks.verifyCheck.executeWithOptions({ summary: check.title }, [input]);
  } catch (error) {
    if (isCancelled()) throw error;
    return { title: check.title, outcome: 'failed', message: reasonOf(error), isUndone: true };
  }
}

async function removeScratch(prepared: PreparedConformance, run: ConformanceRun): Promise<void> {
  if (prepared.scratch === undefined || run.isRemoved()) return;
  run.update({ step: removal });
  await CancellationScope.nonCancellable(async () => {
    try {
      await cleanup.deleteScratch.executeWithOptions({ summary: removal }, [prepared]);
      run.add({ title: removal, outcome: 'passed' });
    } catch (error) {
      run.add({ title: removal, outcome: 'failed', message: `left at ${prepared.url}: ${reasonOf(error)}` });
    }
  });
}

function reasonOf(error: unknown): string {
  return applicationFailureOf(error)?.message ?? rootCause(error) ?? String(error);
}

/** What one run tells of itself. */
class ConformanceRun {
  #status: ConformanceStatus;
  #searchable = false;

  constructor(name: string) {
    this.#status = { kind: 'Conformance', name, phase: 'New', step: 'opening the location', total: 0, checks: [] };
    setHandler(conformanceStatusQuery, () => this.#status, { description: statusQueryDescription });
    this.#show();
  }

  begin({ checks: titles, scratch, searchAttributes }: PreparedConformance): void {
    this.#searchable = searchAttributes;
    this.update({ phase: 'InProgress', total: titles.length + (scratch === undefined ? 0 : 1) });
  }

  update(change: Partial<ConformanceStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#show();
    if (change.phase && this.#searchable) setSearchAttributes({ ...this.#status, location: this.#status.name });
  }

  add({ title, outcome, message }: CheckOutcome): void {
    const added = { title, outcome, ...(message !== undefined && { message }) };
    this.update({ checks: [...this.#status.checks, added] });
  }

  isRemoved(): boolean {
    return this.#status.checks.some(({ title }) => title === removal);
  }

  result({ url }: PreparedConformance): ConformanceResult {
    const { name, checks: done } = this.#status;
    const count = (wanted: CheckOutcome['outcome']) => done.filter(({ outcome }) => outcome === wanted).length;
    return {
      name,
      url,
      passed: count('passed'),
      failed: count('failed'),
      skipped: count('skipped'),
      checks: done,
    };
  }

  #show(): void {
    const { name, phase, step, total, checks: done } = this.#status;
    const failed = done.filter(({ outcome }) => outcome === 'failed');
    const lines = [
      `**Conformance of ${name}**: ${phase}`,
      '',
      `- now: ${step}`,
      `- checks: ${done.length} of ${total}, ${failed.length} failed`,
      ...failed.map(({ title }) => `- failed: ${title}`),
    ];
    setCurrentDetails(lines.join('\n'));
  }
}
