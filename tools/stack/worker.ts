import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A Bowline worker in a process of its own, to be killed and suspended. */
export interface WorkerProcess {
  readonly pid: number;
  /** Whether it still runs. */
  readonly running: boolean;
  /** What it has printed so far. */
  output(): string;
  /** Sends a signal and, if the process ends by it, waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Suspends it (SIGSTOP), or lets it go on (SIGCONT). */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Ended with this process. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Starts `bowline worker` with a configuration file. It ends with this process at the latest. */
export function startWorker(configuration: string, env: NodeJS.ProcessEnv = {}): WorkerProcess {
  const child = spawn(process.execPath, [cli, 'worker', '--config', configuration], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    (stream as unknown as { unref(): void }).unref();
  }
  child.unref();
  running.add(child);
  child.once('exit', (code) => {
    running.delete(child);
    // Nobody asked it to end: whoever waits for its work should see why.
    if (code !== 0 && code !== null)
      process.stderr.write(`bowline worker ended with code ${code}:\n${output.join('')}\n`);
  });
  return {
    pid: child.pid!,
    get running() {
      return isRunning(child);
    },
    output: () => output.join(''),
    async kill(signal = 'SIGKILL') {
      if (!isRunning(child)) return;
      const ended = once(child, 'exit');
      child.ref();
      child.kill(signal);
      await ended;
    },
    signal: (signal) => void child.kill(signal),
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
