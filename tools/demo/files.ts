import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Fills a volume's directory with files of the kinds that a database keeps: large and empty, nested, executable, linked. */
export async function writeFiles(folder: string): Promise<void> {
  await mkdir(join(folder, 'base', '16384'), { recursive: true });
  await mkdir(join(folder, 'empty'), { recursive: true });
  for (let table = 0; table < 12; table++) {
    const rows = Buffer.alloc(64 * 1024 * (table + 1), `table ${table} `);
    await writeFile(join(folder, 'base', '16384', `${24_576 + table}`), rows);
  }
  await writeFile(join(folder, 'PG_VERSION'), '15\n', { mode: 0o600 });
  await writeFile(join(folder, 'start.sh'), '#!/bin/sh\nexec postgres\n', { mode: 0o755 });
  await writeFile(join(folder, 'name with blanks, ü and 日本'), 'kept\n');
  await writeFile(join(folder, 'base', 'nothing'), '');
  await symlink('PG_VERSION', join(folder, 'version'));
}

/** Every entry below a directory: its type and mode, and the digest of its content. */
export async function digestFiles(folder: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const mode = ((await lstat(path)).mode & 0o7777).toString(8);
    digests.set(path.slice(folder.length + 1), await describe(path, entry, mode));
  }
  return digests;
}

async function describe(
  path: string,
  entry: { isFile(): boolean; isDirectory(): boolean },
  mode: string,
): Promise<string> {
  if (entry.isDirectory()) return `directory ${mode}`;
  if (!entry.isFile()) return `link to ${await readlink(path)}`;
  return `file ${mode} ${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;
}

/** Names of the entries that differ. */
export function differentFiles(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
}
