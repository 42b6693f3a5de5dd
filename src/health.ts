import { createServer } from 'node:http';
import type { ListenAddress } from './api/listen-address.ts';
import { listen, type Listener } from './http-listener.ts';

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
export async function serveHealth(address: ListenAddress, state: () => WorkerState): Promise<Listener> {
  const server = createServer(({ url = '', method = '' }, response) => {
    const holds = ['GET', 'HEAD'].includes(method) ? checks.get(url.split('?')[0]!) : undefined;
    const now = state();
    response.writeHead(holds === undefined ? 404 : holds(now) ? 200 : 503, {
      'content-type': 'text/plain; charset=utf-8',
    });
    response.end(holds === undefined ? 'only GET /healthz and GET /readyz are served\n' : `${now}\n`);
  });
  return listen(server, address, 'health.listen: listen');
}
