import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { locked } from './lock.ts';

/** Where what the stack needs is kept between runs: `~/.cache/bowline`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache'), 'bowline');
}

/**
 * Makes sure of a program or folder in the cache. `make` makes it in a scratch folder beside it and resolves with its path there; it
 * is moved into its place when it is whole. One process at a time; `waiting` is told whom this one waits for.
 */
export async function keep(
  path: string,
  make: (scratch: string) => Promise<string>,
  waiting?: (owner: number) => void,
): Promise<void> {
  if (await isExecutable(path)) return;
  await mkdir(dirname(path), { recursive: true });
  await locked(`${path}.lock`, obtain, waiting);

  async function obtain(): Promise<void> {
    if (await isExecutable(path)) return;
    await removeLeftovers(path);
    const scratch = await mkdtemp(`${path}.`);
    try {
      await rename(await make(scratch), path);
    } finally {
      await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

/** Whether there is a program, or a folder, that we may use. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** What killed processes left. We hold the lock, so nobody else works on this one. */
async function removeLeftovers(path: string): Promise<void> {
  for (const entry of await readdir(dirname(path))) {
    if (entry.startsWith(`${basename(path)}.`) && !entry.startsWith(`${basename(path)}.lock`))
      await rm(join(dirname(path), entry), { recursive: true, force: true, maxRetries: 5 });
  }
}
