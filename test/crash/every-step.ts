import assert from 'node:assert/strict';
import fc from 'fast-check';
import pLimit from 'p-limit';
import type { RunResult } from '../../src/workflows/messages.ts';
import type { Environment } from '../end-to-end/environment.ts';
import { boundaryText, type Boundary } from './boundary.ts';
import { startCrashWorker } from './crash-worker.ts';
import type { Fault } from './fault.ts';
import { CrashHome, type Scenario } from './scenario.ts';

/** Whether every cut is tried, or a tenth of them, chosen by the seed. */
const all = process.argv.includes('--all');
const seed = Number(
  process.argv.find((argument) => argument.startsWith('--seed='))?.slice('--seed='.length) ?? Date.now(),
);

/** Cases at the same time: each spends most of its time waiting for a heartbeat to time out. */
const sideBySide = pLimit(4);

/** How long a run may take that meets a fault. */
const patienceMs = 600_000;

interface Case {
  readonly title: string;
  readonly scenario: Scenario;
  run(environment: Environment, name: string): Promise<void>;
}

describe(`a run cut at ${all ? 'every one of its steps' : `a tenth of its steps (seed ${seed})`}`, function () {
  this.timeout(all ? 3_600_000 : 900_000);
  let home: CrashHome;

  before(async () => {
    home = await CrashHome.create(`crash-${seed % 100_000}`);
  });

  after(() => home.environment.stop());

  it('comes to what an undisturbed one comes to, and leaves nothing else', async () => {
    const cases = chosen((await Promise.all(home.scenarios.map((scenario) => casesOf(home, scenario)))).flat());
    const failures: string[] = [];
    const survived = new Map<string, number>();
    await Promise.all(
      cases.map(({ title, scenario, run }, index) =>
        sideBySide(async () => {
          const name = `${home.environment.name}-${index}`;
          const environment = await scenario.prepare(name);
          const startedAt = performance.now();
          try {
            await run(environment, name);
            if (all) console.log(`      ${title}: ${Math.round((performance.now() - startedAt) / 1_000)} s`);
            survived.set(scenario.workflow, (survived.get(scenario.workflow) ?? 0) + 1);
          } catch (error) {
            failures.push(`${title}: ${(error as Error).message}`);
          } finally {
            await environment.stop();
          }
        }),
      ),
    );
    for (const [workflow, count] of survived) {
      const tried = cases.filter(({ scenario }) => scenario.workflow === workflow).length;
      console.log(`      ${workflow}: ${count} of ${tried} cuts survived`);
    }
    assert.deepEqual(failures, []);
  });
});

async function casesOf(home: CrashHome, scenario: Scenario): Promise<Case[]> {
  const boundaries = await home.boundaries(scenario);
  const ofRun = boundaries.map((at) => ({ at, text: boundaryText(at) }));
  return [
    ...ofRun.flatMap(({ at, text }) =>
      (['before', 'after', 'completed'] as const).map((when) => ({
        title: `${scenario.workflow}, worker killed ${when === 'completed' ? 'once the server has the result of' : when} ${text}`,
        scenario,
        run: (environment: Environment, name: string) => killed(scenario, { environment, name, at, when }),
      })),
    ),
    ...ofRun.map(({ at, text }) => ({
      title: `${scenario.workflow}, cancelled at ${text}`,
      scenario,
      run: (environment: Environment, name: string) => cancelled(scenario, { environment, name, at }),
    })),
    ...(['twice', 'lost', 'zombie'] as const).map((type) => ({
      title: `${scenario.workflow}, every step ${type}`,
      scenario,
      run: (environment: Environment, name: string) => repeated(scenario, { environment, name, fault: { type } }),
    })),
  ];
}

/** All, or a tenth in which each kind of case has its share. */
function chosen(cases: readonly Case[]): readonly Case[] {
  if (all) return cases;
  const [sample = []] = fc.sample(fc.shuffledSubarray([...cases], { minLength: cases.length }), { seed, numRuns: 1 });
  return sample.slice(0, Math.ceil(cases.length / 10));
}

interface Cut {
  readonly environment: Environment;
  readonly name: string;
  readonly at: Boundary;
}

/** The worker dies at the boundary; another one goes on. */
async function killed(
  scenario: Scenario,
  { environment, name, at, when }: Cut & { readonly when: 'before' | 'after' | 'completed' },
): Promise<void> {
  const worker = await startCrashWorker(environment.configuration, { type: 'death', at, when });
  const handle = await environment.start(scenario.workflow, scenario.request(name));
  const result = handle.result() as Promise<RunResult>;
  // A run that is over is as good as cut: its worker has nothing left to do.
  await Promise.race([worker.ended, worker.atBoundary, result]);
  if (when === 'completed') await Promise.race([recorded(environment, handle.workflowId, at), result]);
  await worker.kill();
  const next = await startCrashWorker(environment.configuration);
  await scenario.verify(environment, name, await within(result));
  await next.kill('SIGTERM');
}

/** Resolves when the server has the result of a step. */
async function recorded({ temporal }: Environment, workflowId: string, { activityType }: Boundary): Promise<void> {
  const handle = temporal.workflow.getHandle(workflowId);
  const isPending = async (): Promise<boolean> => {
    const { pendingActivities } = (await handle.describe()).raw;
    return pendingActivities?.some((activity) => activity.activityType?.name === activityType) ?? false;
  };
  while (await isPending());
}

/** The run is cancelled while it is at the boundary. */
async function cancelled(scenario: Scenario, { environment, name, at }: Cut): Promise<void> {
  const worker = await startCrashWorker(environment.configuration, { type: 'pause', at });
  const handle = await environment.start(scenario.workflow, scenario.request(name));
  const result = handle.result() as Promise<RunResult>;
  result.catch(() => undefined);
  await Promise.race([worker.atBoundary, result]);
  await handle.cancel().catch(() => undefined);
  const outcome = await within(result).catch((error: Error) => error);
  const { status } = await handle.describe();
  if (status.name === 'COMPLETED') await scenario.verify(environment, name, outcome as RunResult);
  else {
    assert.equal(status.name, 'CANCELLED', JSON.stringify(outcome));
    await scenario.verifyCancelled(environment, name);
  }
  await worker.kill('SIGTERM');
}

/** Every step meets the same fault. */
async function repeated(
  scenario: Scenario,
  { environment, name, fault }: Omit<Cut, 'at'> & { readonly fault: Fault },
): Promise<void> {
  const worker = await startCrashWorker(environment.configuration, fault);
  const handle = await environment.start(scenario.workflow, scenario.request(name));
  await scenario.verify(environment, name, await within(handle.result() as Promise<RunResult>));
  await worker.kill('SIGTERM');
}

async function within<T>(result: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`the run had not ended after ${patienceMs / 1_000} s`)), patienceMs);
  try {
    return await Promise.race([result, promise]);
  } finally {
    clearTimeout(timer);
  }
}
