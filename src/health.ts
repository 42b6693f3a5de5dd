import { once } from 'node:events';
import { createServer } from 'node:http';
import { BowlineError } from './api/errors.ts';
import type { ListenAddress } from './api/listen-address.ts';

/** What a worker is doing, in the words of Temporal's SDK; `CONNECTING` before there is one. */
export type WorkerState =
  | 'CONNECTING'
  | 'INITIALIZED'
  | 'RUNNING'
  | 'DRAINING'
  | 'DRAINED'
  | 'STOPPING'
  | 'STOPPED'
  | 'FAILED';

/** Listens until it is closed. */
export interface Health {
  close(): Promise<void>;
}

/** What has to hold, by path. */
const checks: ReadonlyMap<string, (state: WorkerState) => boolean> = new Map([
  ['/healthz', (state) => state !== 'FAILED'],
  ['/readyz', (state) => state === 'RUNNING'],
]);

/**
 * Answers `GET /healthz` and `GET /readyz` with the worker's state: 200, or 503 where it does not hold. Healthy is a process that
 * answers and whose worker has not failed; ready is one whose worker takes work, so neither connecting nor draining. Neither asks
 * Temporal, the cluster or a store: their outages restart no worker.
 *
 * Rejects with `InvalidConfig` if the address can't be had.
 */
export async function serveHealth({ host, port }: ListenAddress, state: () => WorkerState): Promise<Health> {
  const server = createServer(({ url = '', method = '' }, response) => {
    const holds = ['GET', 'HEAD'].includes(method) ? checks.get(url.split('?')[0]!) : undefined;
    const now = state();
    response.writeHead(holds === undefined ? 404 : holds(now) ? 200 : 503, {
      'content-type': 'text/plain; charset=utf-8',
    });
    response.end(holds === undefined ? 'only GET /healthz and GET /readyz are served\n' : `${now}\n`);
  });
  server.listen({ host, port });
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    throw new BowlineError('InvalidConfig', `health.listen: listen at ${host}:${port}: ${cause.code}`, { cause });
  });
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
