import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const supervisor = fileURLToPath(new URL('./supervisor.mjs', import.meta.url));

/** Lines of a program's output that are kept. */
const keptLines = 200;

export interface SupervisedOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Removed when the program has ended. Default: none. */
  readonly folder?: string;
  /** Default: the process's own. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A program that ends with this process, however that ends. */
export interface Supervised {
  /** Its supervisor. The program's exit code is its own; 127 if the program can't be started. */
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves with the exit code, `null` for a supervisor that was killed, when all output has come. */
  readonly ended: Promise<number | null>;
  /** The last lines that it wrote. */
  output(lines: number): string[];
}

/** Starts a program under a supervisor. */
export function supervise({ command, args, folder = '', cwd, env }: SupervisedOptions): Supervised {
  const child = spawn(process.execPath, [supervisor, folder, command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    cwd,
    env,
  });
  const kept: string[] = [];
  const keep = (chunk: Buffer): void => {
    kept.push(...chunk.toString().split('\n').filter(Boolean));
    kept.splice(0, kept.length - keptLines);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  // It may be gone by the time we close it.
  child.stdin.on('error', () => undefined);
  return {
    child,
    ended: once(child, 'close').then(([code]) => code as number | null),
    output: (lines) => kept.slice(-lines),
  };
}
