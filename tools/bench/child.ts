import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { peakRssMiB } from './statistics.ts';

/** A Node process of the bench: it ends with this process. */
export interface Child {
  /** The largest resident set so far. */
  peakRssMiB(): Promise<number>;
  /** Sends it a message, and resolves with the next one that it sends. */
  ask<Answer>(question: object | string): Promise<Answer>;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
  /** Ends it by SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

export interface ChildOptions {
  /** Beside this file. */
  readonly script: string;
  readonly args: readonly string[];
  /** Variables beside those of this process. Default none. */
  readonly env?: Readonly<Record<string, string>>;
  /** A folder for its CPU profile. Default: none is made. */
  readonly profiles?: string | undefined;
}

/** Lines of a child's output that an error shows. */
const shownLines = 20;

const running = new Set<ChildProcess>();

/** Starts a process and waits for the one message that it sends. Rejects with its last output if it ends before. */
export async function startChild<Message>(options: ChildOptions): Promise<{ child: Child; message: Message }> {
  const { script, args, env, profiles } = options;
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), [...args], {
    execArgv: profiles === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profiles],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output.push(...chunk.toString().split('\n').filter(Boolean));
      output.splice(0, output.length - shownLines);
    });
  }
  const message = await new Promise<Message>((resolve, reject) => {
    child.once('message', (sent) => resolve(sent as Message));
    child.once('error', reject);
    child.once('close', (code, signal) =>
      reject(new Error(`${script} ended (${code ?? signal}):\n${output.join('\n')}`)),
    );
  });
  return {
    message,
    child: {
      peakRssMiB: async () => peakRssMiB(await readFile(`/proc/${child.pid}/status`, 'utf8')),
      async ask<Answer>(question: object | string) {
        const answered = once(child, 'message');
        child.send(question);
        return (await answered)[0] as Answer;
      },
      stop: () => end(child, 'SIGTERM'),
      kill: () => end(child, 'SIGKILL'),
    },
  };
}

/** Ends the processes that still run. */
export async function stopChildren(): Promise<void> {
  await Promise.all([...running].map((child) => end(child, 'SIGTERM')));
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
