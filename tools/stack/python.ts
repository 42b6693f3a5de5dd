import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { locked } from './lock.ts';

const run = promisify(execFile);

/**
 * The Python of an environment that holds what a requirements file names. It is made once, in the cache (`~/.cache/bowline`), with
 * `python3` and its own pip, one process at a time. Rejects with what is missing if that does not work.
 */
export async function pythonWith(requirements: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const version = await output('python3', ['-c', 'import platform; print(platform.python_version())'], env);
  const digest = createHash('sha256')
    .update(version)
    .update(await readFile(requirements))
    .digest('hex');
  const cache = join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache'), 'bowline/python');
  const folder = join(cache, digest.slice(0, 16));
  // Written last: without it the folder is what a killed process left.
  const complete = join(folder, 'complete');
  const python = join(folder, 'bin/python');
  await mkdir(dirname(folder), { recursive: true });
  await locked(`${folder}.lock`, async () => {
    if (await isThere(complete)) return;
    process.stderr.write(`bowline: installing ${requirements}, once\n`);
    await rm(folder, { recursive: true, force: true });
    await output('python3', ['-m', 'venv', folder], env);
    await output(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements], env);
    await writeFile(complete, '');
  });
  return python;
}

async function output(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  try {
    return (await run(command, args, { env })).stdout.trim();
  } catch (error) {
    const { code, stderr = '', message } = error as NodeJS.ErrnoException & { stderr?: string };
    const reason = code === 'ENOENT' ? 'there is no such program in PATH' : stderr.trim() || message;
    throw new Error(`${[command, ...args].join(' ')}: ${reason}\nInstall Python 3.10 or newer, with pip and venv.`, {
      cause: error,
    });
  }
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
