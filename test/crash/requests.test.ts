import pLimit from 'p-limit';
import type { RunResult } from '../../src/workflows/messages.ts';
import type { HoldPoint } from '../../tools/stack/fault-proxy.ts';
import { startCrashWorker } from './crash-worker.ts';
import { CrashHome, type Scenario } from './scenario.ts';

/** Where a worker is killed, or suspended: while a request of its own is held at this point. */
interface Cut extends HoldPoint {
  readonly title: string;
  readonly server: 's3' | 'api';
  /** Whether a worker is suspended here, too. Such cuts alone are part of every run of the tests: each takes long. Default `false`. */
  readonly suspends?: true;
}

/** Whether every cut is tried: `npm run test:crash`. */
const all = process.argv.includes('--every-request');

const everyCut: Readonly<Record<Scenario['workflow'], readonly Cut[]>> = {
  backup: [
    { title: 'while it reads a list', server: 'api', method: 'GET', path: /\/pods\?/, at: 'after' },
    { title: 'before a batch is staged', server: 's3', method: 'PUT', path: /-batch/, at: 'before', suspends: true },
    { title: 'after a segment was staged', server: 's3', method: 'PUT', path: /-segment-/, at: 'after' },
    { title: 'after the tarball was put', server: 's3', method: 'PUT', path: /\.tar\.gz/, at: 'after' },
    {
      title: 'before velero-backup.json is put',
      server: 's3',
      method: 'PUT',
      path: /velero-backup\.json/,
      at: 'before',
    },
    {
      title: 'after velero-backup.json was put',
      server: 's3',
      method: 'PUT',
      path: /velero-backup\.json/,
      at: 'after',
    },
  ],
  restore: [
    { title: 'while it reads the tarball', server: 's3', method: 'GET', path: /\.tar\.gz/, at: 'before' },
    { title: 'after a volume was created', server: 'api', method: 'POST', path: /\/persistentvolumes$/, at: 'after' },
    {
      title: 'after one of many objects was created',
      server: 'api',
      method: 'POST',
      path: /\/configmaps$/,
      at: 'after',
      suspends: true,
    },
    { title: 'before a pod is created', server: 'api', method: 'POST', path: /\/pods$/, at: 'before' },
    { title: 'after the record was put', server: 's3', method: 'PUT', path: /velero-restore\.json/, at: 'after' },
  ],
  deleteBackup: [
    {
      title: 'before the tarball is deleted',
      server: 's3',
      method: 'DELETE',
      path: /\.tar\.gz/,
      at: 'before',
      suspends: true,
    },
    {
      title: 'after velero-backup.json was deleted',
      server: 's3',
      method: 'DELETE',
      path: /velero-backup\.json/,
      at: 'after',
    },
  ],
};

function cutsOf(workflow: Scenario['workflow']): readonly Cut[] {
  return everyCut[workflow].filter(({ suspends }) => all || suspends);
}

/** What befalls the worker whose request is held; another one does its work. */
type Ordeal = 'killed' | 'suspended past its heartbeat timeout, and then goes on';

function ordealsAt({ suspends }: Cut): readonly Ordeal[] {
  return suspends ? ['killed', 'suspended past its heartbeat timeout, and then goes on'] : ['killed'];
}

/** Cases at the same time: each has up to two workers. */
const sideBySide = pLimit(4);

describe('a worker that dies or is suspended in the middle of a request', function () {
  this.timeout(300_000);
  let home: CrashHome;
  const outcomes = new Map<string, Promise<void>>();

  before(async () => {
    home = await CrashHome.create('requests');
    for (const scenario of home.scenarios)
      for (const cut of cutsOf(scenario.workflow))
        for (const ordeal of ordealsAt(cut)) {
          const name = `requests-${outcomes.size}`;
          const outcome = sideBySide(() => suffer(scenario, { cut, ordeal, name }));
          outcome.catch(() => undefined);
          outcomes.set(`${scenario.workflow} ${cut.title} ${ordeal}`, outcome);
        }
  });

  after(async () => {
    await Promise.allSettled(outcomes.values());
    await home.environment.stop();
  });

  for (const workflow of ['backup', 'restore', 'deleteBackup'] as const)
    for (const cut of cutsOf(workflow))
      for (const ordeal of ordealsAt(cut))
        it(`changes nothing in the outcome of ${workflow} when it is ${ordeal}, ${cut.title}`, () =>
          outcomes.get(`${workflow} ${cut.title} ${ordeal}`));
});

interface Suffering {
  readonly cut: Cut;
  readonly ordeal: Ordeal;
  readonly name: string;
}

async function suffer(scenario: Scenario, { cut, ordeal, name }: Suffering): Promise<void> {
  const environment = await scenario.prepare(name);
  try {
    const worker = await startCrashWorker(environment.configuration);
    const holding = environment[cut.server].hold(cut);
    const handle = await environment.start(scenario.workflow, scenario.request(name));
    const result = handle.result() as Promise<RunResult>;
    const held = await Promise.race([holding, endOf(result, cut)]);
    if (ordeal === 'killed') await worker.kill();
    else worker.signal('SIGSTOP');
    if (ordeal === 'killed') held.release();
    const next = await startCrashWorker(environment.configuration);
    const outcome = await result;
    held.release();
    worker.signal('SIGCONT');
    // It is told to stop, and so ends only when what it was doing has come to an end.
    await worker.kill('SIGTERM');
    await scenario.verify(environment, name, outcome);
    await next.kill('SIGTERM');
  } finally {
    await environment.stop();
  }
}

/** A run that ends before the point is reached would make the test wait for ever. */
async function endOf(result: Promise<unknown>, { title }: Cut): Promise<never> {
  const outcome = await result;
  throw new Error(`the run ended without having been cut ${title}: ${JSON.stringify(outcome)}`);
}
