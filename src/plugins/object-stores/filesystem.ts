import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BowlineError } from '../../api/errors.ts';
import { fileSystemError, systemCode } from '../file-system-errors.ts';
import { interrupted, throwIfInterrupted } from '../interruption.ts';
import type {
  CallOptions,
  GetOptions,
  ObjectStat,
  ObjectStore,
  ObjectStoreFactory,
  PendingUpload,
  PutOptions,
  WrittenObject,
} from '../object-store.ts';
import { bodyOf } from './body.ts';
import { absent, fileOf, openFile, temporary } from './filesystem-files.ts';
import { incompleteFiles, removeIncomplete } from './filesystem-uploads.ts';
import { readFilesystemConfig } from './filesystem-config.ts';
import { isKeyFolder } from './key.ts';
import { measured } from './measured.ts';
import { signedUrl, type UrlSigning } from './signed-url.ts';
import { assertTtl } from './ttl.ts';

/**
 * Objects as files: `config.path` is a directory, `config.bucket` a folder in it, a key a path below. Its settings:
 * docs/locations.md. Writes are atomic and synced
 * to the disk; directories go with their last object. A key and another one below it (`a` and `a/b`) can't both be there.
 */
export const filesystem: ObjectStoreFactory = async (config) => {
  const { path, root, signing } = readFilesystemConfig(config);
  try {
    await stat(path);
    await mkdir(join(root, temporary), { recursive: true }).catch(async (error: unknown) => {
      // Who may only read needs nothing to write in.
      if (fileSystemError('', error).code !== 'AccessDenied') throw error;
      await stat(root);
    });
  } catch (error) {
    const ours = fileSystemError(`open ${path}`, error);
    // `NotFound` is said of objects.
    throw ours.code === 'NotFound' ? new BowlineError('InvalidConfig', ours.message, { cause: error }) : ours;
  }
  return new FilesystemStore(root, signing);
};

class FilesystemStore implements ObjectStore {
  readonly url: string;
  readonly #root: string;
  readonly #signing: UrlSigning | undefined;

  constructor(root: string, signing: UrlSigning | undefined) {
    this.#root = root;
    this.#signing = signing;
    this.url = `file://${root}`;
  }

  async putObject(
    key: string,
    body: Readable | Uint8Array,
    { ifAbsent = false, signal }: PutOptions = {},
  ): Promise<WrittenObject> {
    const file = this.#file(key);
    const tried = `put ${this.url}/${key}`;
    const incomplete = join(this.#root, temporary, randomUUID());
    const { stream, written } = measured(body);
    try {
      throwIfInterrupted(tried, signal);
      // Opened before the stream is made, which would open it later than its removal below.
      const handle = await create(incomplete);
      await pipeline(stream, handle.createWriteStream({ flush: true }), { ...(signal && { signal }) });
      await this.#publish({ incomplete, file, ifAbsent });
      return written();
    } catch (error) {
      throw signal?.aborted ? interrupted(tried, error) : putError(tried, error);
    } finally {
      stream.destroy();
      await rm(incomplete, { force: true });
    }
  }

  async objectExists(key: string, options: CallOptions = {}): Promise<boolean> {
    return (await this.#stat(key, options)) !== undefined;
  }

  async statObject(key: string, options: CallOptions = {}): Promise<ObjectStat> {
    const found = await this.#stat(key, options);
    if (found) return { bytes: found.size, modifiedAt: found.mtime.toISOString() };
    throw absent(`stat ${this.url}/${key}`);
  }

  async getObject(key: string, { range, signal }: GetOptions = {}): Promise<Readable> {
    const file = this.#file(key);
    const tried = `get ${this.url}/${key}`;
    throwIfInterrupted(tried, signal);
    try {
      const { handle, bytes } = await openFile(file, { root: this.#root, tried });
      if (!range || range.start < bytes)
        return bodyOf(handle.createReadStream({ ...range }), { tried, signal, fault: fileSystemError });
      await handle.close();
      throw new BowlineError('NotFound', `${tried}: it has ${bytes} bytes, none at ${range.start}`);
    } catch (error) {
      throw fileSystemError(tried, error);
    }
  }

  async *listObjects(prefix: string, { signal }: CallOptions = {}): AsyncIterable<string> {
    const tried = `list ${this.url}/${prefix}`;
    throwIfInterrupted(tried, signal);
    const from = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    if (!isKeyFolder(from) || from.startsWith(`${temporary}/`)) return;
    for await (const key of this.#walk(from)) {
      throwIfInterrupted(tried, signal);
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

  async deleteObject(key: string, { signal }: CallOptions = {}): Promise<void> {
    const file = this.#file(key);
    const tried = `delete ${this.url}/${key}`;
    throwIfInterrupted(tried, signal);
    try {
      // Not what is a directory: there are objects below the key then, and none of that name.
      if (await this.#stat(key, {})) await rm(file, { force: true });
      await this.#prune(dirname(file));
    } catch (error) {
      throw fileSystemError(tried, error);
    }
  }

  listUploads(_prefix: string, options: CallOptions = {}): AsyncIterable<PendingUpload> {
    return incompleteFiles(this.#root, options);
  }

  endUpload(upload: PendingUpload, options: CallOptions = {}): Promise<void> {
    return removeIncomplete(this.#root, upload, options);
  }

  async createSignedUrl(key: string, ttlSeconds: number): Promise<string> {
    this.#file(key);
    const tried = `sign ${this.url}/${key}`;
    assertTtl(tried, ttlSeconds);
    if (!this.#signing)
      throw new BowlineError('Unsupported', `${tried}: neither signedUrlListen nor publicUrl is configured`);
    return signedUrl(this.#signing, { key, expires: Math.floor(Date.now() / 1_000) + ttlSeconds });
  }

  #file(key: string): string {
    return fileOf(this.#root, key);
  }

  async #stat(key: string, { signal }: CallOptions): Promise<Stats | undefined> {
    const file = this.#file(key);
    const tried = `stat ${this.url}/${key}`;
    throwIfInterrupted(tried, signal);
    try {
      const found = await stat(file);
      return found.isFile() ? found : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw fileSystemError(tried, error);
    }
  }

  /** Removes `folder` if it is empty, and then those above it. */
  async #prune(folder: string): Promise<void> {
    for (let empty = folder; empty !== this.#root; empty = dirname(empty)) {
      try {
        await rmdir(empty);
      } catch (error) {
        if (['ENOTEMPTY', 'EEXIST'].includes(systemCode(error))) return;
        if (!isAbsent(error)) throw error;
      }
    }
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
      try {
        await mkdir(dirname(file), { recursive: true });
        await (ifAbsent ? link(incomplete, file) : rename(incomplete, file));
        break;
      } catch (error) {
        if (systemCode(error) !== 'ENOENT' || attempt === 10) throw error;
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
      throw fileSystemError(`list ${this.url}/${folder}`, error);
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

/** Makes a file to write in, and its folder where that is missing. */
async function create(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await mkdir(dirname(file), { recursive: true });
    return open(file, 'wx');
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

function isAbsent(error: unknown): boolean {
  return systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
}

/** What a write failed with; where one key would have to be both a file and a directory, that is said. */
function putError(tried: string, error: unknown): BowlineError {
  const { syscall } = error as NodeJS.ErrnoException;
  const code = systemCode(error);
  if (code === 'EISDIR' || code === 'ENOTDIR' || (code === 'EEXIST' && syscall === 'mkdir'))
    return new BowlineError(
      'Unsupported',
      `${tried}: ${code}, another key ends where this one goes on, or goes on where it ends`,
      {
        cause: error,
      },
    );
  return fileSystemError(tried, error);
}
