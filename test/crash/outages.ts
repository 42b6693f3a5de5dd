import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { RunResult } from '../../src/workflows/messages.ts';
import type { FaultRule } from '../../tools/stack/fault-rules.ts';
import { freePort } from '../../tools/stack/server.ts';
import { startTemporal } from '../../tools/stack/temporal.ts';
import { startCrashWorker } from './crash-worker.ts';
import { within, type Cut } from './cuts.ts';
import type { Scenario } from './scenario.ts';

/** A server that is out of reach for a while. */
export interface Outage {
  readonly server: 's3' | 'api';
  readonly seconds: number;
}

/** Requests that go wrong during a whole run; each kind leaves a way through for those that are sent again. */
export const disturbances: Readonly<Record<string, FaultRule>> = {
  'an answer of seven is lost': { when: { every: 7 }, fault: { type: 'drop' } },
  'a request of five is told to come later (429)': {
    when: { every: 5 },
    fault: { type: 'refuse', status: 429, retryAfterSeconds: 1 },
  },
  'a request of five finds the server unavailable (503)': {
    when: { every: 5 },
    fault: { type: 'refuse', status: 503 },
  },
  'an answer of nine is cut short': {
    match: { method: 'GET' },
    when: { every: 9 },
    fault: { type: 'truncate', bytes: 40 },
  },
};

/** The server is out of reach from the boundary on, for a while. */
export async function outage(scenario: Scenario, cut: Cut & { readonly outage: Outage }): Promise<void> {
  const { environment, name, at } = cut;
  const { server, seconds } = cut.outage;
  const { worker, result } = await atBoundary(scenario, { environment, name, at });
  const end = environment[server].add({ fault: { type: 'reset', at: 'before' } });
  worker.goOn();
  await sleep(seconds * 1_000);
  end();
  await scenario.verify(environment, name, await within(result));
  await worker.kill('SIGTERM');
}

/** Requests of a whole run go wrong, on the way to one of the servers. */
export async function disturbed(
  scenario: Scenario,
  { environment, name, server, rule }: Omit<Cut, 'at'> & { server: Outage['server']; rule: FaultRule },
): Promise<void> {
  const end = environment[server].add(rule);
  const worker = await startCrashWorker(environment.configuration);
  const handle = await environment.start(scenario.workflow, scenario.request(name));
  const result = await within(handle.result() as Promise<RunResult>);
  end();
  await scenario.verify(environment, name, result);
  await worker.kill('SIGTERM');
}

/** Temporal dies at the boundary as by a loss of power, and comes back on its database. */
export async function temporalRestarted(scenario: Scenario, { name, at }: Omit<Cut, 'environment'>): Promise<void> {
  const [folder, port] = [mkdtempSync(join(tmpdir(), `bowline-${name}-`)), await freePort()];
  const options = { databaseFile: join(folder, 'temporal.db'), port };
  let temporal = await startTemporal(options);
  const environment = await scenario.prepare(name, { temporal });
  try {
    const { worker, handle } = await atBoundary(scenario, { environment, name, at });
    await temporal.kill();
    worker.goOn();
    temporal = await startTemporal(options);
    await scenario.verify(environment, name, await within(resultOf(temporal.address, handle.workflowId)));
    await worker.kill('SIGTERM');
  } finally {
    await environment.stop();
    await temporal.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts a run on a worker that waits at the boundary, and waits until it is there or, should it never be, until the run has ended. */
async function atBoundary(scenario: Scenario, { environment, name, at }: Cut) {
  const worker = await startCrashWorker(environment.configuration, { type: 'pause', at });
  const handle = await environment.start(scenario.workflow, scenario.request(name));
  const result = handle.result() as Promise<RunResult>;
  result.catch(() => undefined);
  await Promise.race([worker.atBoundary, result]);
  return { worker, handle, result };
}

/** Asks over a connection of its own: an older one would be slow to find a server that comes back. */
async function resultOf(address: string, workflowId: string): Promise<RunResult> {
  const connection = await Connection.connect({ address });
  try {
    return (await new Client({ connection }).workflow.getHandle(workflowId).result()) as RunResult;
  } finally {
    await connection.close();
  }
}
