import type { RequestOptions } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, request, type Dispatcher } from 'undici';
import { BowlineError, errorCode } from '../api/errors.ts';
import type { Span, Trace } from '../api/trace.ts';
import { apiError, noAnswer } from './api-errors.ts';
import type { ExecOutcome } from './client.ts';
import { execute, type ExecCall, type ExecServer } from './exec.ts';
import { pathTemplate } from './path-template.ts';

/** How to reach a cluster. */
export interface ConnectOptions {
  /** A kubeconfig file. Default: the `KUBECONFIG` variable's, `~/.kube/config`, or the pod's own account, as kubectl finds them. */
  readonly kubeconfig?: string;
  /** A context of that file. Default: its current one. */
  readonly context?: string;
  /** Connections kept open at the most. Default 64. */
  readonly maxConnections?: number;
  /** Records each request as a span. Default: nothing is recorded. */
  readonly trace?: Trace | undefined;
}

/** One call of the API. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  /** Verb, resource and object, for messages. */
  readonly tried: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Sends calls, authenticated, over kept-alive connections. */
export interface Transport {
  /** The answer's text. Rejects with a `BowlineError` after five repetitions of what may pass. */
  send(call: ApiCall): Promise<string>;
  /** Runs a command, with the promises of `KubernetesClient.exec`. */
  exec(call: ExecCall): Promise<ExecOutcome>;
  close(): Promise<void>;
}

const retries = 5;
const firstRetryMs = 250;
const longestRetryMs = 8_000;

/** As OpenTelemetry's conventions call it. */
const statusAttribute = 'http.response.status_code';

/** Tokens of files and exec plugins are asked for anew after this long. */
const credentialsForMs = 30_000;

/** Opens a transport. Rejects with `InvalidConfig` if the kubeconfig can't be read names no cluster, or one without encryption. */
export async function openTransport(options: ConnectOptions): Promise<Transport> {
  const config = loadKubeConfig(options);
  const { server, skipTLSVerify = false } = config.getCurrentCluster() ?? {};
  const kubeconfig = `kubeconfig ${options.kubeconfig ?? 'by default'}`;
  if (server === undefined)
    throw new BowlineError('InvalidConfig', `${kubeconfig}: its current context names no cluster`);
  if (server.startsWith('http:') && !skipTLSVerify)
    throw new BowlineError(
      'InvalidConfig',
      `${kubeconfig}: ${server} is not encrypted; write https, or insecure-skip-tls-verify: true if that is meant`,
    );
  const base = server.replace(/\/+$/, '');
  const credentials = new Credentials(config, options.maxConnections ?? 64);

  async function once(
    { method, path, tried, body, contentType, accept, signal }: ApiCall,
    span?: Span,
  ): Promise<string> {
    const { dispatcher, headers } = await credentials.get(tried);
    try {
      const response = await request(base + path, {
        dispatcher,
        method,
        headers: {
          ...headers,
          accept: accept ?? 'application/json',
          'user-agent': 'bowline',
          ...(body !== undefined && { 'content-type': contentType ?? 'application/json' }),
        },
        ...(body !== undefined && { body }),
        ...(signal && { signal }),
      });
      const text = await response.body.text();
      const { statusCode: status } = response;
      if (status < 300) {
        span?.set({ [statusAttribute]: status });
        return text;
      }
      if (status === 401) credentials.forget();
      const retryAfter = response.headers['retry-after'];
      throw apiError(tried, { status, body: text, ...(typeof retryAfter === 'string' && { retryAfter }) });
    } catch (error) {
      throw errorCode(error) === undefined ? noAnswer(tried, error, signal) : error;
    }
  }

  async function executeOnce(call: ExecCall): Promise<ExecOutcome> {
    const { headers, tls } = await credentials.get(call.tried);
    try {
      return await execute({ base, headers, tls }, call);
    } catch (error) {
      if ((error as BowlineError).status === 401) credentials.forget();
      throw error;
    }
  }

  /** Each request is a span of its own, that of a repetition too. */
  async function requested<T>(
    { method, path }: Pick<ApiCall, 'method' | 'path'>,
    attempt: number,
    request: (span?: Span) => Promise<T>,
  ): Promise<T> {
    if (options.trace === undefined) return request();
    const template = pathTemplate(path);
    const span = options.trace.begin(`${method} ${template}`, {
      'http.request.method': method,
      'url.template': template,
      ...(attempt > 0 && { 'http.request.resend_count': attempt }),
    });
    try {
      const answer = await request(span);
      span.end();
      return answer;
    } catch (error) {
      const { status } = error as BowlineError;
      if (status !== undefined) span.set({ [statusAttribute]: status });
      span.end(error);
      throw error;
    }
  }

  return {
    send: (call) => repeated(call, (attempt) => requested(call, attempt, (span) => once(call, span))),
    exec: (call) =>
      repeated(call, (attempt) => requested({ ...call, method: 'GET' }, attempt, () => executeOnce(call))),
    close: () => credentials.close(),
  };
}

/** Tries until it succeeds, or fails with what can't pass or has not passed. */
async function repeated<T>(
  { tried, signal }: Pick<ApiCall, 'tried' | 'signal'>,
  once: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await once(attempt);
    } catch (error) {
      const wait = waitBefore(attempt, error as BowlineError);
      if (wait === undefined) throw error;
      await sleep(wait, undefined, { ...(signal && { signal }) }).catch((reason: unknown) => {
        throw noAnswer(tried, reason, signal);
      });
    }
  }
}

/** How long to wait before the next attempt; `undefined` if there is to be none. undici's own retries send no POST again. */
function waitBefore(attempt: number, { code, retryAfterMs }: BowlineError): number | undefined {
  if (attempt >= retries || (code !== 'Throttled' && code !== 'Unavailable')) return undefined;
  const backoff = Math.min(firstRetryMs * 2 ** attempt, longestRetryMs);
  return retryAfterMs ?? backoff / 2 + Math.random() * (backoff / 2);
}

function loadKubeConfig({ kubeconfig, context }: ConnectOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new BowlineError('InvalidConfig', `kubeconfig ${kubeconfig ?? 'by default'}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const known = config
        .getContexts()
        .map(({ name }) => name)
        .join(', ');
      throw new BowlineError(
        'InvalidConfig',
        `kubeconfig ${kubeconfig ?? 'by default'}: no context ${context}; it has ${known}`,
      );
    }
    config.setCurrentContext(context);
  }
  return config;
}

interface Authenticated {
  readonly dispatcher: Dispatcher;
  readonly tls: ExecServer['tls'];
  readonly headers: Readonly<Record<string, string>>;
}

/** The kubeconfig's headers and certificates, and the connections that use these. */
class Credentials {
  readonly #config: KubeConfig;
  readonly #connections: number;
  #current: { readonly at: number; readonly tls: string; readonly authenticated: Promise<Authenticated> } | undefined;
  #agent: { readonly tls: string; readonly agent: Agent } | undefined;

  constructor(config: KubeConfig, connections: number) {
    this.#config = config;
    this.#connections = connections;
  }

  /** Rejects with `Unavailable`: files and exec plugins may give credentials the next time. */
  get(tried: string): Promise<Authenticated> {
    if (this.#current === undefined || Date.now() - this.#current.at > credentialsForMs) {
      const authenticated = this.#authenticate().catch((error: unknown) => {
        throw new BowlineError('Unavailable', `${tried}: no credentials (${(error as Error).message})`, {
          cause: error,
        });
      });
      this.#current = { at: Date.now(), tls: '', authenticated };
      authenticated.catch(() => this.forget());
    }
    return this.#current.authenticated;
  }

  forget(): void {
    this.#current = undefined;
  }

  async close(): Promise<void> {
    await this.#agent?.agent.close();
  }

  async #authenticate(): Promise<Authenticated> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername, headers, auth } = options;
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }).filter(
        ([, value]) => value != null,
      ),
    );
    const fingerprint = JSON.stringify(tls);
    if (this.#agent?.tls !== fingerprint) {
      void this.#agent?.agent.close();
      this.#agent = {
        tls: fingerprint,
        agent: new Agent({
          connections: this.#connections,
          connect: tls,
          headersTimeout: 120_000,
          bodyTimeout: 120_000,
        }),
      };
    }
    const basic = typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
    return {
      dispatcher: this.#agent.agent,
      tls,
      headers: { ...(headers as Record<string, string> | undefined), ...basic },
    };
  }
}
