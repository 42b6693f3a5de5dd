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

  async function copyDirectory(source: string, target: string): Promise<void> {
    const found = await lstat(source);
    if (!found.isDirectory()) throw new BowlineError('InvalidItem', `copy ${source}: expected a directory`);
    await mkdir(target, { recursive: true });
    const entries = await readdir(source, { withFileTypes: true });
    await Promise.all(
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
    if (signal?.aborted) throw new BowlineError('Interrupted', `copy ${from}: interrupted`);
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

  try {
    await copyDirectory(from, to);
  } catch (error) {
    if ((error as { name?: string }).name === 'BowlineError') throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new BowlineError(
      code === 'ENOENT' ? 'NotFound' : code === 'EACCES' ? 'AccessDenied' : 'Unavailable',
      `copy ${from}: ${code}`,
      { cause: error },
    );
  }
}
