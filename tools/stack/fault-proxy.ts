import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  ServerResponse,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { Readable, type Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FaultRules,
  type Fault,
  type FaultRule,
  type Held,
  type ProxiedRequest,
  type RequestPattern,
} from './fault-rules.ts';

/** Which request to hold, and when: before the server hears of it, or after the server has answered. */
export interface HoldPoint extends RequestPattern {
  readonly at: 'before' | 'after';
}

/** A request that came through, in the order of arrival. */
export interface ProxiedCall extends ProxiedRequest {
  /** What the server answered with; absent if it has not, or never heard of the request. */
  status?: number;
  /** What was done to it. */
  readonly faults: readonly Fault['type'][];
}

/** What a server answers. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders | OutgoingHttpHeaders;
  readonly body: Readable;
  /** The connection, where the server has agreed to speak another protocol: it is the body, too. */
  readonly upgraded?: Duplex;
}

/**
 * Semantics laid over the server: answers some requests by itself, or changes what the server answers to them. Resolves with
 * nothing for a request that is none of its affair. Faults happen outside of it.
 */
export type Layer = (request: ProxiedRequest, forward: () => Promise<Answer>) => Promise<Answer> | undefined;

/** Stands between a client and a server, and does to requests what rules say. */
export interface FaultProxy {
  readonly url: string;
  readonly calls: readonly ProxiedCall[];
  /** Adds a rule. The function that is returned takes it away again. */
  add(rule: FaultRule): () => void;
  /** Takes all rules away. */
  clear(): void;
  /** Resolves when a request that matches is being held. Each call holds one request. */
  hold(point: HoldPoint): Promise<Held>;
  /** Resolves when every request that has come in is done with, whether or not its client is still there. */
  idle(): Promise<void>;
  /** Closes every connection, those of requests that are held and those with another protocol as well. */
  stop(): Promise<void>;
}

export interface FaultProxyOptions {
  readonly rules?: readonly FaultRule[];
  readonly layer?: Layer;
  /** Decides what happens with a probability: numbers from 0 to 1, 1 excluded. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Bodies up to so many bytes are read before the request counts as sent; longer ones are passed on as they come. */
const readBytes = 64 * 1024;

/**
 * Starts a proxy to `target`, over plain HTTP on the loopback. Headers pass as they are, `Host` too, for it is part of S3's
 * signatures. After an upgrade, such as to WebSockets, client and server speak as they like.
 */
export async function startFaultProxy(target: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
  const { rules: initial = [], layer = () => undefined, random = Math.random } = options;
  const rules = new FaultRules(random);
  for (const rule of initial) rules.add(rule);
  const send = sender(target);
  const calls: ProxiedCall[] = [];

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { request, body } = await read(incoming);
    const faults = rules.faultsOf(request);
    const call: ProxiedCall = { ...request, faults: faults.map(({ type }) => type) };
    calls.push(call);
    await wait(faults, 'before');
    if (endedBefore(faults, outgoing)) return;
    // The rest of a long body died with its client.
    if (incoming.destroyed && !incoming.complete) return;
    // So did a request that was held before the server heard of it.
    if (faults.some(({ type }) => type === 'hold') && incoming.socket.destroyed) return;
    const forward = (): Promise<Answer> => send(incoming, body);
    const answer = await (layer(request, forward) ?? forward());
    call.status = answer.status;
    await wait(faults, 'after');
    reply(faults, answer, outgoing);
  }

  const passing = new Set<Promise<void>>();
  function begin(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const passed = pass(incoming, outgoing).catch(() => void outgoing.destroy());
    passing.add(passed);
    void passed.finally(() => passing.delete(passed));
  }

  const server = createServer(begin);
  const upgrading = new Set<Socket>();
  server.on('upgrade', (incoming: IncomingMessage, client: Socket, head: Buffer) => {
    upgrading.add(client);
    client.on('close', () => upgrading.delete(client)).on('error', () => client.destroy());
    if (head.length > 0) client.unshift(head);
    const outgoing = new ServerResponse(incoming);
    outgoing.assignSocket(client);
    // The server that has parsed the request has let go of the connection.
    outgoing.on('finish', () => client.end());
    begin(incoming, outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    add: (rule) => rules.add(rule),
    clear: () => rules.clear(),
    hold: ({ at, ...match }) =>
      new Promise((caught) => rules.add({ match, when: { nth: 1 }, fault: { type: 'hold', at, caught } })),
    async idle() {
      while (passing.size > 0) await Promise.all(passing);
    },
    async stop() {
      for (const client of upgrading) client.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends requests on to the server. Its certificate is not checked: it is one of our own, on this machine. */
function sender(target: string): (incoming: IncomingMessage, body: Readable) => Promise<Answer> {
  const { protocol, hostname, port } = new URL(target);
  const request = protocol === 'https:' ? httpsRequest : httpRequest;
  return async ({ method, url, headers }, body) => {
    const options: RequestOptions & { rejectUnauthorized: boolean } = {
      hostname,
      port,
      path: url,
      method,
      headers,
      rejectUnauthorized: false,
    };
    const sent = request(options);
    body.once('close', () => {
      if (!body.readableEnded) sent.destroy();
    });
    body.pipe(sent);
    const answered = await Promise.race([once(sent, 'response'), once(sent, 'upgrade')]);
    const [answer, upgraded, head] = answered as [IncomingMessage, Socket?, Buffer?];
    const { statusCode: status = 502, headers: answerHeaders } = answer;
    if (upgraded === undefined) return { status, headers: answerHeaders, body: answer };
    if (head?.length) upgraded.unshift(head);
    return { status, headers: answerHeaders, body: upgraded, upgraded };
  };
}

async function read(incoming: IncomingMessage): Promise<{ request: ProxiedRequest; body: Readable }> {
  const { method = '', url: path = '', headers } = incoming;
  const length = Number(headers['content-length'] ?? (headers['transfer-encoding'] === undefined ? 0 : Infinity));
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  if (length > readBytes) return { request: { method, path, form: new URLSearchParams() }, body: incoming };
  const body = await buffer(incoming);
  const form = new URLSearchParams(isForm ? body.toString() : '');
  return { request: { method, path, form }, body: Readable.from(body.length === 0 ? [] : [body]) };
}

async function wait(faults: readonly Fault[], at: 'before' | 'after'): Promise<void> {
  for (const fault of faults) {
    if (fault.type === 'delay' && fault.at === at) await sleep(fault.ms);
    if (fault.type === 'hold' && fault.at === at)
      await new Promise<void>((release) => fault.caught({ release: () => release() }));
  }
}

/** Whether a fault ends the request before the server hears of it. */
function endedBefore(faults: readonly Fault[], outgoing: ServerResponse): boolean {
  for (const fault of faults) {
    if (fault.type === 'reset' && fault.at === 'before') {
      outgoing.socket?.resetAndDestroy();
      return true;
    }
    if (fault.type === 'refuse') {
      const { status, retryAfterSeconds, body = '', contentType = 'text/plain' } = fault;
      const retryAfter = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
      outgoing.writeHead(status, { 'content-type': contentType, ...retryAfter }).end(body);
      return true;
    }
  }
  return false;
}

/** Hands the answer to the client, as far as the faults let it. */
function reply(faults: readonly Fault[], answer: Answer, outgoing: ServerResponse): void {
  const { status, headers, body, upgraded } = answer;
  for (const fault of faults) {
    if (fault.type !== 'drop' && fault.type !== 'reset' && fault.type !== 'truncate') continue;
    if (fault.type === 'truncate') return void truncate(fault.bytes, answer, outgoing);
    if (upgraded) upgraded.destroy();
    else body.resume();
    if (fault.type === 'drop') outgoing.destroy();
    else outgoing.socket?.resetAndDestroy();
    return;
  }
  outgoing.on('error', () => body.destroy());
  outgoing.once('close', () => body.destroy());
  body.once('error', () => outgoing.destroy());
  outgoing.writeHead(status, headers);
  if (upgraded) join(upgraded, outgoing);
  else body.pipe(outgoing);
}

/** Passes on what either says, until one of them ends the connection. */
function join(server: Duplex, outgoing: ServerResponse): void {
  const client = outgoing.socket;
  if (client === null || client.destroyed) return void server.destroy();
  outgoing.flushHeaders();
  outgoing.detachSocket(client);
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.on('error', () => to.destroy()).on('close', () => to.destroy());
    from.pipe(to);
  }
}

async function truncate(bytes: number, { status, headers, body }: Answer, outgoing: ServerResponse): Promise<void> {
  const whole = await buffer(body);
  outgoing.writeHead(status, headers);
  outgoing.flushHeaders();
  outgoing.write(whole.subarray(0, bytes), () => outgoing.destroy());
}
