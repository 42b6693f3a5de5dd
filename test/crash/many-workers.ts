import { setTimeout as sleep } from 'node:timers/promises';
import type { RunResult } from '../../src/workflows/messages.ts';
import { Random } from '../../tools/bench/random.ts';
import { startCrashWorker, type CrashWorker } from './crash-worker.ts';
import { within } from './cuts.ts';
import { CrashHome, type Scenario } from './scenario.ts';
import { seed } from './seed.ts';

/** A worker is killed after so long, more or less, again and again. */
const killEveryMs = 2_000;

describe(`several workers on one queue, killed at random (seed ${seed})`, function () {
  this.timeout(900_000);
  const random = new Random(seed);
  let home: CrashHome;

  before(async () => {
    home = await CrashHome.create(`many-${seed % 100_000}`);
  });

  after(() => home.environment.stop());

  for (const workers of [2, 4])
    for (const [index, workflow] of (['backup', 'restore', 'deleteBackup'] as const).entries())
      it(`${workflow} on ${workers} workers comes to what an undisturbed one comes to`, () =>
        underFire(home.scenarios[index]!, { name: `${home.environment.name}-${index}-${workers}`, workers, random }));
});

interface Fire {
  readonly name: string;
  readonly workers: number;
  readonly random: Random;
}

/** Runs a scenario, and replaces one of the workers after the other until the run has ended. */
async function underFire(scenario: Scenario, { name, workers, random }: Fire): Promise<void> {
  const environment = await scenario.prepare(name);
  const start = (): Promise<CrashWorker> => startCrashWorker(environment.configuration);
  const pool = await Promise.all(Array.from({ length: workers }, start));
  try {
    const handle = await environment.start(scenario.workflow, scenario.request(name));
    let hasEnded = false;
    const result = within(handle.result() as Promise<RunResult>).finally(() => (hasEnded = true));
    let kills = 0;
    for (;;) {
      await Promise.race([result, sleep(random.below(2 * killEveryMs))]);
      if (hasEnded) break;
      const chosen = random.below(workers);
      await pool[chosen]!.kill();
      pool[chosen] = await start();
      kills++;
    }
    await scenario.verify(environment, name, await result);
    console.log(`      ${kills} workers were killed`);
  } finally {
    await Promise.all(pool.map((worker) => worker.kill()));
    await environment.stop();
  }
}
