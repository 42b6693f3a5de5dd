import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  link,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  symlink,
  utimes,
  lchown,
} from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { BowlineError } from '../../api/errors.ts';
import { fileSystemError } from '../file-system-errors.ts';
import { throwIfInterrupted } from '../interruption.ts';

/** Files copied at the same time. */
const filesInFlight = 16;

/**
 * Copies a directory completely: files with modes, times and, as root, owners; symbolic links as such, hard links among the
 * copied files kept, empty directories too. Files share blocks where the file system can. Sockets, pipes and devices are left
 * out: they hold no data. Rejects with `Interrupted` when the signal fires, with `NotFound` if `from` is absent.
 */
export async function copyTree(from: string, to: string, signal?: AbortSignal): Promise<void> {
  const limit = pLimit(filesInFlight);
  const copied = new Map<string, Promise<string>>();
  const asRoot = process.getuid?.() === 0;
  let failure: { readonly error: unknown } | undefined;

  async function copyDirectory(source: string, target: string): Promise<void> {
    assertGoingOn();
    const found = await lstat(source);
    if (!found.isDirectory()) throw new BowlineError('InvalidItem', `copy ${source}: expected a directory`);
    // Nobody else's until it has the mode of the original.
    await mkdir(target, { mode: 0o700 });
    const entries = await readdir(source, { withFileTypes: true });
    await allEnded(
      entries.map((entry) => {
        const [sourcePath, targetPath] = [join(source, entry.name), join(target, entry.name)];
        return entry.isDirectory()
          ? copyDirectory(sourcePath, targetPath)
          : limit(() => copyLeaf(sourcePath, targetPath));
      }),
    );
    // Last, since writing into it changed its time, and may not have been allowed by its mode.
    if (asRoot) await lchown(target, found.uid, found.gid);
    await chmod(target, found.mode & 0o7777);
    await utimes(target, found.atime, found.mtime);
  }

  async function copyLeaf(source: string, target: string): Promise<void> {
    assertGoingOn();
    const found = await lstat(source);
    if (found.isSymbolicLink()) {
      await symlink(await readlink(source), target);
      if (asRoot) await lchown(target, found.uid, found.gid);
      await lutimes(target, found.atime, found.mtime);
      return;
    }
    if (!found.isFile()) return;
    const inode = `${found.dev}:${found.ino}`;
    const twin = found.nlink > 1 ? copied.get(inode) : undefined;
    if (twin) return link(await twin, target);
    const copy = copyRegular();
    if (found.nlink > 1) copied.set(inode, copy);
    await copy;

    async function copyRegular(): Promise<string> {
      await copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      if (asRoot) await lchown(target, found.uid, found.gid);
      await chmod(target, found.mode & 0o7777);
      await utimes(target, found.atime, found.mtime);
      return target;
    }
  }

  /** Rejects with the first failure, but not before nothing writes any more: the caller removes what is there. */
  async function allEnded(tasks: readonly Promise<void>[]): Promise<void> {
    const remember = (error: unknown): void => void (failure ??= { error });
    await Promise.all(tasks.map((task) => task.catch(remember)));
    if (failure) throw failure.error;
  }

  function assertGoingOn(): void {
    throwIfInterrupted(`copy ${from}`, signal);
    if (failure) throw failure.error;
  }

  try {
    await copyDirectory(from, to);
  } catch (error) {
    throw fileSystemError(`copy ${from}`, error);
  }
}
