import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSystemError, systemCode } from '../file-system-errors.ts';
import { throwIfInterrupted } from '../interruption.ts';
import type { CallOptions, PendingUpload } from '../object-store.ts';
import { temporary } from './filesystem-files.ts';

/** Files that have no name yet. What they are to become, nobody knows but who writes them. */
export async function* incompleteFiles(root: string, { signal }: CallOptions): AsyncIterable<PendingUpload> {
  const folder = join(root, temporary);
  const tried = `list uploads in ${folder}`;
  throwIfInterrupted(tried, signal);
  const absent = (error: unknown): undefined => {
    if (systemCode(error) !== 'ENOENT') throw fileSystemError(tried, error);
  };
  const names = (await readdir(folder).catch(absent)) ?? [];
  for (const uploadId of names.sort()) {
    const found = await stat(join(folder, uploadId)).catch(absent);
    if (found?.isFile()) yield { uploadId, startedAt: found.mtime.toISOString() };
  }
}

/** Removes one of them. */
export async function removeIncomplete(
  root: string,
  { uploadId }: PendingUpload,
  { signal }: CallOptions,
): Promise<void> {
  const tried = `end upload ${uploadId}`;
  throwIfInterrupted(tried, signal);
  // Its names are of its own making; another one is none of its files.
  if (!/^[0-9a-f-]+$/.test(uploadId)) return;
  await rm(join(root, temporary, uploadId), { force: true }).catch((error: unknown) => {
    throw fileSystemError(tried, error);
  });
}
