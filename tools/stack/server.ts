import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A server that runs as a child, supervised: it ends with this process, however that ends. */
export interface Server {
  readonly name: string;
  /** Its process id, for tests that kill or suspend it. */
  readonly supervisorPid: number;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Removed when the server has ended. Default: none. */
  readonly folder?: string;
  /** Resolves when the server answers; asked again until it does. */
  readonly ready: () => Promise<unknown>;
  /** How long it may take, in milliseconds. Default 60,000. */
  readonly readyWithinMs?: number;
}

const supervisor = fileURLToPath(new URL('./supervisor.mjs', import.meta.url));

/** Lines of a server's output that an error shows. */
const shownLines = 15;

/** Starts a server and waits until it is ready. Rejects with its last output if it ends before, or takes too long. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { name, command, args, folder = '', ready, readyWithinMs = 60_000 } = options;
  const child = spawn(process.execPath, [supervisor, folder, command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const output: string[] = [];
  const remember = (chunk: Buffer): void => {
    output.push(...chunk.toString().split('\n').filter(Boolean));
    output.splice(0, output.length - 200);
  };
  child.stdout.on('data', remember);
  child.stderr.on('data', remember);
  const stop = (): Promise<void> => stopChild(child);

  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`${name} ended with code ${child.exitCode}:\n${output.slice(-shownLines).join('\n')}`);
    try {
      await ready();
      break;
    } catch (error) {
      if (Date.now() > deadline) {
        await stop();
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(
          `${name} was not ready after ${readyWithinMs / 1_000} s (${reason}):\n${output.slice(-shownLines).join('\n')}`,
        );
      }
      await sleep(50);
    }
  }
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
  child.unref();
  return { name, supervisorPid: child.pid!, stop };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.ref();
  child.stdin?.end();
  await ended;
}

/** A loopback port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves if `url` answers with a status below 500. */
export async function answers(url: string, init: RequestInit = {}): Promise<void> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) });
  await response.body?.cancel();
  if (response.status >= 500 || response.status === 401) throw new Error(`${url} answers ${response.status}`);
}
