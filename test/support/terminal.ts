import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A shell in which one block of commands after the other is typed: what one exports, the next has. */
export interface Terminal {
  /** Types a block and waits for its end. Rejects with all that it printed if one of its commands fails, unless it may. */
  type(commands: string, options?: { readonly mayFail?: boolean }): Promise<string>;
  /** Types a block that is not to end. Resolves as soon as `enough` says so of what it printed. Rejects if it ends before. */
  begin(commands: string, enough: (printed: string) => boolean): Promise<string>;
  /** Presses Ctrl-C, and resolves when the shell and what runs in it have ended, with all that was printed. */
  interrupt(): Promise<string>;
  /** Ends it and whatever runs in it at once. */
  close(): void;
}

/** Opens a terminal in a folder. */
export function openTerminal({ cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }): Terminal {
  const folder = mkdtempSync(join(tmpdir(), 'bowline-terminal-'));
  const shell = spawn('bash', ['--noprofile', '--norc'], { cwd, env, detached: true, stdio: 'pipe' });
  const ended = once(shell, 'close');
  let printed = '';
  const listeners = new Set<() => void>();
  const hear = (text: string): void => {
    printed += text;
    for (const listener of listeners) listener();
  };
  for (const stream of [shell.stdout, shell.stderr]) stream.setEncoding('utf8').on('data', hear);
  shell.stdin.on('error', () => undefined);
  let blocks = 0;

  /** Resolves as soon as `answer` makes something of what is printed from `start` on. */
  function printedFrom<T>(start: number, answer: (text: string) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const listener = (): void => {
        try {
          const found = answer(printed.slice(start));
          if (found === undefined) return;
          resolve(found);
        } catch (error) {
          reject(error as Error);
        }
        listeners.delete(listener);
      };
      listeners.add(listener);
      ended.then(() => reject(new Error(`the shell has ended:\n${printed.slice(start)}`)), reject);
      listener();
    });
  }

  function write(commands: string): string {
    blocks += 1;
    const file = join(folder, `block-${blocks}`);
    writeFileSync(file, commands);
    const mark = `end of block ${blocks}:`;
    // The commands get no input: the rest of what is typed would be theirs.
    shell.stdin.write(`failed=0; trap 'failed=$?' ERR; . '${file}' </dev/null; trap - ERR; echo "${mark} $failed"\n`);
    return mark;
  }

  const kill = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-shell.pid!, signal);
    } catch {
      // It has ended.
    }
  };

  return {
    async type(commands, { mayFail = false } = {}) {
      const start = printed.length;
      const mark = write(commands);
      const pattern = new RegExp(`^([^]*?)${mark} (\\d+)\\n`);
      const { text, code } = await printedFrom(start, (output) => {
        const [, before, status] = pattern.exec(output) ?? [];
        return status === undefined ? undefined : { text: before!, code: Number(status) };
      });
      if (code !== 0 && !mayFail) throw new Error(`a command ended with ${code}:\n${commands}\n${text}`);
      return text;
    },
    begin(commands, enough) {
      const start = printed.length;
      const mark = write(commands);
      return printedFrom(start, (output) => {
        if (output.includes(mark)) throw new Error(`ended early:\n${commands}\n${output}`);
        return enough(output) ? output : undefined;
      });
    },
    async interrupt() {
      shell.stdin.end();
      kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
      return printed;
    },
    close() {
      kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
