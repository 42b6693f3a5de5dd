import { randomUUID } from 'node:crypto';
import { link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../file-system-errors.ts';
import type { CallOptions } from '../object-store.ts';
import { copyTree } from './copy-tree.ts';

/**
 * Copies a directory under a name of this attempt, then renames it. A directory of the final name is a whole copy, of another
 * attempt: then it stays as it is.
 */
export async function copyOnce(from: string, to: string, { signal }: CallOptions): Promise<void> {
  if (await isDirectory(to)) return;
  const partial = partialOf(to);
  try {
    await copyTree(from, partial, signal);
    await rename(partial, to);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(systemCode(error))) throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Writes a file whole and synced, unless another attempt has: then that one's stays. */
export async function writeOnce(file: string, text: string): Promise<void> {
  const partial = partialOf(file);
  const handle = await open(partial, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
    await link(partial, file);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    await handle.close();
    await rm(partial, { force: true });
  }
}

/**
 * Removes a copy, and what attempts at it left. Resolves if there is none. The copy loses its name first: what a crash leaves of
 * it must not pass for whole.
 */
export async function removeWhole(folder: string): Promise<void> {
  await rename(folder, partialOf(folder)).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
  for (const name of await readdir(dirname(folder))) {
    if (name.startsWith(`${basename(folder)}.partial-`))
      await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** Whether `path`, or what it links to, is a directory. */
export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function partialOf(path: string): string {
  return `${path}.partial-${randomUUID()}`;
}
