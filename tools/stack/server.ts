import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { supervise, type Supervised } from './supervise.ts';

/** A server that runs as a child, supervised: it ends with this process, however that ends. */
export interface Server {
  readonly name: string;
  /** Its process id, for tests that kill or suspend it. */
  readonly supervisorPid: number;
  /** Stops it and removes its folder. May be called again. */
  stop(): Promise<void>;
  /** Ends it as a loss of power would, with what it has started. Its folder stays. */
  kill(): Promise<void>;
}

export interface ServerOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Default: the process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Removed when the server has ended. Default: none. */
  readonly folder?: string;
  /** Resolves when the server answers; asked again until it does. */
  readonly ready: () => Promise<unknown>;
  /** How long it may take, in milliseconds. Default 60,000. */
  readonly readyWithinMs?: number;
}

/** Lines of a server's output that an error shows. */
const shownLines = 15;

/** Starts a server and waits until it is ready. Rejects with its last output if it ends before, or takes too long. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { name, ready, readyWithinMs = 60_000 } = options;
  const server = supervise(options);
  const { child } = server;
  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    if (hasEnded(server)) {
      const code = await server.ended;
      throw new Error([`${name} ended with code ${code}:`, ...server.output(shownLines)].join('\n'));
    }
    try {
      await ready();
      break;
    } catch (error) {
      if (Date.now() > deadline) {
        await stopServer(server);
        await server.ended;
        const reason = error instanceof Error ? error.message : String(error);
        const line = `${name} was not ready after ${readyWithinMs / 1_000} s (${reason}):`;
        throw new Error([line, ...server.output(shownLines)].join('\n'), { cause: error });
      }
      await sleep(50);
    }
  }
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
  child.unref();
  return { name, supervisorPid: child.pid!, stop: () => stopServer(server), kill: () => killServer(server) };
}

function hasEnded({ child }: Supervised): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stopServer(server: Supervised): Promise<void> {
  if (hasEnded(server)) return;
  const ended = once(server.child, 'exit');
  server.child.ref();
  server.child.stdin.end();
  await ended;
}

async function killServer(server: Supervised): Promise<void> {
  if (hasEnded(server)) return;
  server.child.ref();
  // The supervisor leads a group of its own; its output closes when the last of the group is gone.
  process.kill(-server.child.pid!, 'SIGKILL');
  await server.ended;
}

/** Below the ports that Linux (from 32,768), macOS and Windows (from 49,152) give to connections: nobody takes one while its server is down. */
const [lowestPort, portCount] = [20_000, 12_000];
const given = new Set<number>();

/** A loopback port that nobody listens on just now, and that this process has not given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowestPort + randomInt(portCount);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Resolves if `url` answers with a status below 500. */
export async function answers(url: string, init: RequestInit = {}): Promise<void> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) });
  await response.body?.cancel();
  if (response.status >= 500 || response.status === 401) throw new Error(`${url} answers ${response.status}`);
}

/** Resolves if somebody on the loopback takes a connection. */
export async function accepts(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect').finally(() => socket.destroy());
}
