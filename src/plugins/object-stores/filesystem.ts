import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BowlineError } from '../../api/errors.ts';
import { checkKeys } from '../config-keys.ts';
import type {
  CallOptions,
  GetOptions,
  ObjectStat,
  ObjectStore,
  ObjectStoreFactory,
  PutOptions,
  WrittenObject,
} from '../object-store.ts';
import { assertKey } from './key.ts';
import { measured } from './measured.ts';

/** Where objects lie while they are written: no key begins so, since `.bowline` is never listed. */
const temporary = '.bowline-incomplete';

/**
 * Objects as files: `config.path` is a directory, `config.bucket` a folder in it, a key a path below. Writes are atomic and synced
 * to the disk; directories go with their last object. A key and another one below it (`a` and `a/b`) can't both be there.
 */
export const filesystem: ObjectStoreFactory = async (config) => {
  checkKeys('filesystem object store', config, { required: ['bucket', 'path'], optional: [] });
  const { bucket = '', path = '' } = config;
  const root = join(path, bucket);
  await stat(path).catch((error: unknown) => {
    throw fault('open', path, error);
  });
  await mkdir(join(root, temporary), { recursive: true });
  return new FilesystemStore(root);
};

class FilesystemStore implements ObjectStore {
  readonly url: string;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    this.url = `file://${root}`;
  }

  async putObject(
    key: string,
    body: Readable | Uint8Array,
    { ifAbsent = false, signal }: PutOptions = {},
  ): Promise<WrittenObject> {
    const file = this.#file(key);
    const incomplete = join(this.#root, temporary, randomUUID());
    const { stream, written } = measured(body);
    try {
      await pipeline(stream, createWriteStream(incomplete, { flags: 'wx', flush: true }), {
        ...(signal && { signal }),
      });
      await this.#publish({ incomplete, file, ifAbsent });
      return written();
    } catch (error) {
      throw signal?.aborted
        ? new BowlineError('Interrupted', `put ${this.url}/${key}: interrupted`, { cause: error })
        : fault('put', `${this.url}/${key}`, error);
    } finally {
      await rm(incomplete, { force: true });
    }
  }

  async objectExists(key: string): Promise<boolean> {
    return stat(this.#file(key)).then(
      (found) => found.isFile(),
      (error: unknown) => {
        if (isAbsent(error)) return false;
        throw fault('stat', `${this.url}/${key}`, error);
      },
    );
  }

  async statObject(key: string): Promise<ObjectStat> {
    try {
      const found = await stat(this.#file(key));
      if (found.isFile()) return { bytes: found.size };
    } catch (error) {
      throw fault('stat', `${this.url}/${key}`, error);
    }
    throw new BowlineError('NotFound', `stat ${this.url}/${key}: no such object`);
  }

  async getObject(key: string, { range, signal }: GetOptions = {}): Promise<Readable> {
    const { bytes } = await this.statObject(key);
    if (range && range.start >= bytes)
      throw new BowlineError('NotFound', `get ${this.url}/${key}: it has ${bytes} bytes, none at ${range.start}`);
    return createReadStream(this.#file(key), { ...range, ...(signal && { signal }) });
  }

  async *listObjects(prefix: string, { signal }: CallOptions = {}): AsyncIterable<string> {
    const from = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    for await (const key of this.#walk(from)) {
      signal?.throwIfAborted();
      if (key.startsWith(prefix)) yield key;
    }
  }

  async *listCommonPrefixes(prefix: string, delimiter: string, options: CallOptions = {}): AsyncIterable<string> {
    let last = '';
    for await (const key of this.listObjects(prefix, options)) {
      const end = key.indexOf(delimiter, prefix.length);
      const common = end < 0 ? '' : key.slice(0, end + delimiter.length);
      if (common !== '' && common !== last) yield (last = common);
    }
  }

  async deleteObject(key: string): Promise<void> {
    const file = this.#file(key);
    try {
      await rm(file, { force: true });
      for (let folder = dirname(file); folder !== this.#root; folder = dirname(folder)) await rmdir(folder);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(codeOf(error)))
        throw fault('delete', `${this.url}/${key}`, error);
    }
  }

  async createSignedUrl(key: string): Promise<string> {
    throw new BowlineError('Unsupported', `sign ${this.url}/${key}: files have no URLs`);
  }

  #file(key: string): string {
    assertKey(key);
    if (key === temporary || key.startsWith(`${temporary}/`))
      throw new BowlineError('InvalidConfig', `key ${key}: reserved`);
    return join(this.#root, key);
  }

  /** Gives the complete file its name. A deletion may remove the directory between its creation and that: then once more. */
  async #publish({
    incomplete,
    file,
    ifAbsent,
  }: {
    incomplete: string;
    file: string;
    ifAbsent: boolean;
  }): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      await mkdir(dirname(file), { recursive: true });
      try {
        await (ifAbsent ? link(incomplete, file) : rename(incomplete, file));
        break;
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || attempt === 10) throw error;
      }
    }
    await syncDirectory(dirname(file));
  }

  /** Keys in byte order: a directory sorts as its name with the slash. */
  async *#walk(folder: string): AsyncIterable<string> {
    let entries;
    try {
      entries = await readdir(join(this.#root, folder), { withFileTypes: true });
    } catch (error) {
      if (isAbsent(error)) return;
      throw fault('list', `${this.url}/${folder}`, error);
    }
    const names = entries
      .filter((entry) => (entry.isFile() || entry.isDirectory()) && !(folder === '' && entry.name === temporary))
      .map((entry) => Buffer.from(entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort(Buffer.compare);
    for (const name of names.map(String)) {
      if (name.endsWith('/')) yield* this.#walk(`${folder}${name}`);
      else yield `${folder}${name}`;
    }
  }
}

async function syncDirectory(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}

function isAbsent(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

/** Maps what the file system says to the closed list of codes. */
function fault(tried: string, what: string, error: unknown): BowlineError {
  if ((error as { name?: string }).name === 'BowlineError') return error as BowlineError;
  const code = codeOf(error);
  const ours = {
    ENOENT: 'NotFound',
    ENOTDIR: 'NotFound',
    EISDIR: 'NotFound',
    EEXIST: 'AlreadyExists',
    EACCES: 'AccessDenied',
    EPERM: 'AccessDenied',
    EROFS: 'AccessDenied',
    ABORT_ERR: 'Interrupted',
  } as const;
  return new BowlineError(
    ours[code as keyof typeof ours] ?? 'Unavailable',
    `${tried} ${what}: ${code === 'undefined' ? (error as Error).message : code}`,
    { cause: error },
  );
}
