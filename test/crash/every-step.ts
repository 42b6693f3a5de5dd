import assert from 'node:assert/strict';
import fc from 'fast-check';
import pLimit from 'p-limit';
import type { Environment } from '../end-to-end/environment.ts';
import { boundaryText, type Boundary } from './boundary.ts';
import { cancelled, killed, repeated } from './cuts.ts';
import { disturbances, disturbed, outage, temporalRestarted } from './outages.ts';
import { CrashHome, type Scenario } from './scenario.ts';
import { seed } from './seed.ts';

/** Whether every cut is tried, or a tenth of them, chosen by the seed. */
const all = process.argv.includes('--all');

/** Cases at the same time: each spends most of its time waiting, for a heartbeat to time out or for an outage to end. */
const sideBySide = pLimit(all ? 12 : 6);

/** What befalls a run. */
interface Case {
  /** In words, of all cases that differ in the boundary alone. */
  readonly kind: string;
  readonly scenario: Scenario;
  /** Absent if it befalls the whole run. */
  readonly at?: Boundary;
  run(name: string): Promise<void>;
}

describe(`a run cut at ${all ? 'every one of its steps' : `a tenth of its steps (seed ${seed})`}`, function () {
  this.timeout(all ? 7_200_000 : 900_000);
  let home: CrashHome;

  before(async () => {
    home = await CrashHome.create(`crash-${seed % 100_000}`);
  });

  after(() => home.environment.stop());

  it('comes to what an undisturbed one comes to, and leaves nothing else', async () => {
    const cases = chosen((await Promise.all(home.scenarios.map((scenario) => casesOf(home, scenario)))).flat());
    const failures: string[] = [];
    const survived = new Set<Case>();
    await Promise.all(
      cases.map((one, index) =>
        sideBySide(async () => {
          const startedAt = performance.now();
          try {
            await one.run(`${home.environment.name}-${index}`);
            survived.add(one);
            if (all) console.log(`      ${titleOf(one)}: ${Math.round((performance.now() - startedAt) / 1_000)} s`);
          } catch (error) {
            failures.push(`${titleOf(one)}: ${(error as Error).message}`);
          }
        }),
      ),
    );
    console.log(tableOf(cases, survived));
    assert.deepEqual(failures, []);
  });
});

async function casesOf(home: CrashHome, scenario: Scenario): Promise<Case[]> {
  const boundaries = await home.boundaries(scenario);
  const atEach = (kind: string, run: (name: string, at: Boundary) => Promise<void>): Case[] =>
    boundaries.map((at) => ({ kind, scenario, at, run: (name) => run(name, at) }));
  const inEnvironment =
    (run: (environment: Environment, name: string, at: Boundary) => Promise<void>) =>
    async (name: string, at: Boundary): Promise<void> => {
      const environment = await scenario.prepare(name);
      try {
        await run(environment, name, at);
      } finally {
        await environment.stop();
      }
    };
  const wholeRun = (kind: string, run: (environment: Environment, name: string) => Promise<void>): Case => ({
    kind,
    scenario,
    run: (name) => inEnvironment(run)(name, boundaries[0]!),
  });
  const outages = (['api', 's3'] as const).flatMap((server) => [5, 60].map((seconds) => ({ server, seconds })));
  return [
    ...(['before', 'after', 'completed'] as const).flatMap((when) =>
      atEach(
        `worker killed ${when === 'completed' ? 'once Temporal has the result' : `${when} the step`}`,
        inEnvironment((environment, name, at) => killed(scenario, { environment, name, at, when })),
      ),
    ),
    ...atEach(
      'cancelled',
      inEnvironment((environment, name, at) => cancelled(scenario, { environment, name, at })),
    ),
    ...atEach('Temporal killed and started again', (name, at) => temporalRestarted(scenario, { name, at })),
    ...outages.flatMap((one) =>
      atEach(
        `${serverNames[one.server]} out of reach for ${one.seconds} s`,
        inEnvironment((environment, name, at) => outage(scenario, { environment, name, at, outage: one })),
      ),
    ),
    ...(['twice', 'lost', 'zombie'] as const).map((type) =>
      wholeRun(`every step ${repetitions[type]}`, (environment, name) =>
        repeated(scenario, { environment, name, fault: { type } }),
      ),
    ),
    ...(['api', 's3'] as const).flatMap((server) =>
      Object.entries(disturbances).map(([what, rule]) =>
        wholeRun(`${serverNames[server]}: ${what}`, (environment, name) =>
          disturbed(scenario, { environment, name, server, rule }),
        ),
      ),
    ),
  ];
}

const serverNames = { api: 'API server', s3: 'object store' } as const;

const repetitions = {
  twice: 'done twice',
  lost: 'done again, the first result being lost',
  zombie: 'done again, the first attempt ending last',
} as const;

function titleOf({ kind, scenario, at }: Case): string {
  return `${scenario.workflow}, ${kind}${at === undefined ? '' : `, ${boundaryText(at)}`}`;
}

/** All, or a tenth in which each kind of case has its share. */
function chosen(cases: readonly Case[]): readonly Case[] {
  if (all) return cases;
  const [sample = []] = fc.sample(fc.shuffledSubarray([...cases], { minLength: cases.length }), { seed, numRuns: 1 });
  return sample.slice(0, Math.ceil(cases.length / 10));
}

/** A Markdown table: how many cases of each kind were survived. */
function tableOf(cases: readonly Case[], survived: ReadonlySet<Case>): string {
  const workflows = [...new Set(cases.map(({ scenario }) => scenario.workflow))];
  const ratio = (some: readonly Case[]): string =>
    some.length === 0 ? '' : `${some.filter((one) => survived.has(one)).length} of ${some.length}`;
  const rows = [...Map.groupBy(cases, ({ kind }) => kind)].map(([kind, ofKind]) => [
    kind,
    ...workflows.map((workflow) => ratio(ofKind.filter(({ scenario }) => scenario.workflow === workflow))),
    ratio(ofKind),
  ]);
  const lines = [['What happens', ...workflows, 'survived'], ['---', ...workflows.map(() => '---'), '---'], ...rows];
  const total = ratio(cases);
  return [...lines, ['all', ...workflows.map(() => ''), total]].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
