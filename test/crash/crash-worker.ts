import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows, keepBundle } from '../../tools/workflow-bundle.ts';
import type { AtBoundary, Fault, GoOn } from './fault.ts';

/** A worker of this suite, in a process of its own. */
export interface CrashWorker {
  /** Resolves when it says that it is at the boundary of its fault. */
  readonly atBoundary: Promise<AtBoundary>;
  /** Tells it to go on, if it waits at its boundary. */
  goOn(): void;
  /** Resolves when it has ended, by itself or killed. */
  readonly ended: Promise<unknown>;
  /** Sends a signal that ends it, and waits until it has. Default SIGKILL. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Suspends it, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

const script = fileURLToPath(new URL('faulty-worker.ts', import.meta.url));
let bundleFile: Promise<string> | undefined;

/** The workflows with short heartbeat timeouts, bundled once per run of tests. */
function workflowBundle(): Promise<string> {
  bundleFile ??= bundleWorkflows({
    interceptors: [fileURLToPath(new URL('hasty-heartbeats.ts', import.meta.url))],
  }).then(keepBundle);
  return bundleFile;
}

/** Starts a worker that meets `fault`, if there is one. It ends with this process at the latest. */
export async function startCrashWorker(configuration: string, fault?: Fault): Promise<CrashWorker> {
  const args = [configuration, await workflowBundle(), ...(fault ? [JSON.stringify(fault)] : [])];
  const child = fork(script, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  return {
    atBoundary: once(child, 'message').then(([message]) => message as AtBoundary),
    goOn: () => void child.send('go on' satisfies GoOn),
    ended,
    async kill(signal = 'SIGKILL') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await ended;
    },
    signal: (signal) => void child.kill(signal),
  };
}
