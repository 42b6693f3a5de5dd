import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `task` while nobody else, in this process or another, holds the lock `file`. A lock whose owner is gone is taken over.
 * `waiting` is told once, with the owner's process id, if there is one to wait for.
 */
export async function locked<T>(file: string, task: () => Promise<T>, waiting?: (owner: number) => void): Promise<T> {
  for (let told = false; !(await acquire(file));) {
    const owner = await ownerOf(file);
    if (owner === undefined) {
      await clear(file);
      continue;
    }
    if (!told && owner > 0) {
      waiting?.(owner);
      told = true;
    }
    await sleep(100);
  }
  try {
    return await task();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The process that holds the lock, 0 if it can't be told yet, `undefined` if it is gone. */
async function ownerOf(file: string): Promise<number | undefined> {
  try {
    const [owner, { mtimeMs }] = [Number(await readFile(file, 'utf8')), await stat(file)];
    if (!(owner > 0)) return Date.now() - mtimeMs > 10_000 ? undefined : 0;
    process.kill(owner, 0);
    return owner;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? undefined : 0;
  }
}

/** Removes a dead owner's lock. Moved away first, since another may have taken it over by now: then it is put back. */
async function clear(file: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  if ((await ownerOf(aside)) !== undefined) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}
