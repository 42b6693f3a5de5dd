import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { BowlineError } from '../../api/errors.ts';
import { assertKey } from './key.ts';

/** Where objects lie while they are written, in the bucket's folder: no key begins so. */
export const temporary = '.bowline-incomplete';

/** The file of a key. @throws BowlineError `InvalidConfig` for what can't be a key */
export function fileOf(root: string, key: string): string {
  assertKey(key);
  if (key === temporary || key.startsWith(`${temporary}/`))
    throw new BowlineError('InvalidConfig', `key ${key}: reserved`);
  return join(root, key);
}

/** A file that is open: a replacement in between leaves it the object it has. */
export interface OpenFile {
  /** For the caller to close, or to make a stream of. */
  readonly handle: FileHandle;
  readonly bytes: number;
}

/**
 * Opens an object's file. What is no file, and what a link puts outside of the bucket, is `NotFound`; else it rejects with the
 * system's own error.
 */
export async function openFile(
  file: string,
  { root, tried }: { readonly root: string; readonly tried: string },
): Promise<OpenFile> {
  const handle = await open(file);
  try {
    const found = await handle.stat();
    if (!found.isFile() || !(await realpath(file)).startsWith(`${await realpath(root)}${sep}`)) throw absent(tried);
    return { handle, bytes: found.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What is said of a key that has no object. */
export function absent(tried: string): BowlineError {
  return new BowlineError('NotFound', `${tried}: no such object`);
}
