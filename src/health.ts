import { createServer, type IncomingMessage } from 'node:http';
import type { ListenAddress } from './api/listen-address.ts';
import { listen, type Listener } from './http-listener.ts';
import { expositionType } from './metrics/exposition.ts';

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

/** What a listener asks the worker for. */
export interface HealthSources {
  readonly state: () => WorkerState;
  /** In Prometheus' text format; absent until the worker has connected. Never rejects. */
  readonly metrics: () => Promise<string> | undefined;
}

/**
 * Answers `GET /healthz` and `GET /readyz` with the worker's state: 200, or 503 where it does not hold. Healthy is a process that
 * answers and whose worker has not failed; ready is one whose worker takes work, so neither connecting nor draining. Neither asks
 * Temporal, the cluster or a store: their outages restart no worker. `GET /metrics` does, and is 503 until there is a worker.
 *
 * Rejects with `InvalidConfig` if the address can't be had.
 */
export async function serveHealth(address: ListenAddress, { state, metrics }: HealthSources): Promise<Listener> {
  const server = createServer((request, response) => {
    void answer(request, { state, metrics }).then(({ status, text, type = plainText }) => {
      response.writeHead(status, { 'content-type': type });
      response.end(text);
    });
  });
  return listen(server, address, 'health.listen: listen');
}

interface Answer {
  readonly status: number;
  readonly text: string;
  /** Default plain text. */
  readonly type?: string;
}

const plainText = 'text/plain; charset=utf-8';

async function answer({ url = '', method = '' }: IncomingMessage, sources: HealthSources): Promise<Answer> {
  const path = url.split('?')[0]!;
  const holds = checks.get(path);
  const now = sources.state();
  if (!['GET', 'HEAD'].includes(method) || (holds === undefined && path !== '/metrics'))
    return { status: 404, text: 'only GET /healthz, GET /readyz and GET /metrics are served\n' };
  if (holds !== undefined) return { status: holds(now) ? 200 : 503, text: `${now}\n` };
  const text = await sources.metrics();
  return text === undefined ? { status: 503, text: `${now}\n` } : { status: 200, text, type: expositionType };
}
