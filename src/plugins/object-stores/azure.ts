import type { Readable } from 'node:stream';
import { BowlineError, errorCode } from '../../api/errors.ts';
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
import { attempts } from './attempt.ts';
import { openAzureContainer, type AzureContainer } from './azure-client.ts';
import { azureError } from './azure-errors.ts';
import { uploadBlocks } from './azure-upload.ts';
import { bodyOf } from './body.ts';
import { inByteOrder } from './byte-order.ts';
import { assertKey } from './key.ts';
import { measured } from './measured.ts';
import { assertTtl } from './ttl.ts';

/** Clocks may differ by as much: a signed URL holds from before now. */
const clockSkewMs = 600_000;

/** As other stores give: the SDK would hold 5,000 at once, with their properties. */
const maxPageSize = 1_000;

const attempt = attempts(azureError);

/** Objects in a container of Azure Blob storage, the SHA-256 of each in its metadata. Its settings: docs/locations.md. */
export const azure: ObjectStoreFactory = async (config) => new AzureStore(await openAzureContainer(config));

class AzureStore implements ObjectStore {
  readonly url: string;
  readonly #opened: AzureContainer;

  constructor(opened: AzureContainer) {
    this.#opened = opened;
    const { accountName, containerName } = opened.container;
    this.url = `azure://${accountName}/${containerName}`;
  }

  async putObject(
    key: string,
    body: Readable | Uint8Array,
    { ifAbsent = false, signal }: PutOptions = {},
  ): Promise<WrittenObject> {
    const { container, blockBytes } = this.#opened;
    assertKey(key);
    const tried = `put ${this.url}/${key}`;
    const { stream, written } = measured(body);
    const stop = (): void => void stream.destroy(interrupted(tried, signal?.reason));
    signal?.addEventListener('abort', stop, { once: true });
    let result: WrittenObject | undefined;
    const metadata = (): Record<string, string> => {
      result = written();
      return { sha256: result.sha256 };
    };
    try {
      throwIfInterrupted(tried, signal);
      await uploadBlocks(container.getBlockBlobClient(key), stream, { blockBytes, ifAbsent, signal, metadata });
      return { ...result!, checksum: checksumText(result!.sha256) };
    } catch (error) {
      if (signal?.aborted) throw interrupted(tried, error);
      const ours = azureError(tried, error);
      // What a policy protects can't be replaced by any means: it is there, which is what was asked.
      const kept = ifAbsent && ours.code === 'AccessDenied' && (await this.objectExists(key).catch(() => false));
      throw kept ? new BowlineError('AlreadyExists', ours.message, { cause: ours }) : ours;
    } finally {
      signal?.removeEventListener('abort', stop);
      stream.destroy();
    }
  }

  async objectExists(key: string, options: CallOptions = {}): Promise<boolean> {
    try {
      await this.statObject(key, options);
      return true;
    } catch (error) {
      if (errorCode(error) === 'NotFound') return false;
      throw error;
    }
  }

  async statObject(key: string, options: CallOptions = {}): Promise<ObjectStat> {
    assertKey(key);
    const blob = this.#opened.container.getBlobClient(key);
    const { contentLength, lastModified, metadata } = await attempt(`stat ${this.url}/${key}`, options, (sent) =>
      blob.getProperties(sent),
    );
    const sha256 = metadata?.['sha256'];
    const modifiedAt = (lastModified ?? new Date(0)).toISOString();
    return { bytes: contentLength ?? 0, modifiedAt, ...(sha256 && { checksum: checksumText(sha256) }) };
  }

  async getObject(key: string, { range, ...options }: GetOptions = {}): Promise<Readable> {
    assertKey(key);
    const tried = `get ${this.url}/${key}`;
    const blob = this.#opened.container.getBlobClient(key);
    const { readableStreamBody, contentLength } = await attempt(tried, options, (sent) =>
      blob.download(range?.start ?? 0, range && range.end - range.start + 1, sent),
    );
    // Of an empty object some servers give any range, which is empty.
    if (range && contentLength === 0) throw new BowlineError('NotFound', `${tried}: it has no bytes at ${range.start}`);
    return bodyOf(readableStreamBody as Readable, { tried, signal: options.signal, fault: azureError });
  }

  listObjects(prefix: string, options: CallOptions = {}): AsyncIterable<string> {
    const { container } = this.#opened;
    const pages = this.#pages(prefix, options, (sent) =>
      container.listBlobsFlat({ prefix, ...sent }).byPage({ maxPageSize }),
    );
    return inByteOrder(namesOf(pages, ({ segment }) => segment.blobItems));
  }

  listCommonPrefixes(prefix: string, delimiter: string, options: CallOptions = {}): AsyncIterable<string> {
    const { container } = this.#opened;
    const pages = this.#pages(prefix, options, (sent) =>
      container.listBlobsByHierarchy(delimiter, { prefix, ...sent }).byPage({ maxPageSize }),
    );
    return inByteOrder(namesOf(pages, ({ segment }) => segment.blobPrefixes ?? []));
  }

  async deleteObject(key: string, options: CallOptions = {}): Promise<void> {
    assertKey(key);
    const blob = this.#opened.container.getBlobClient(key);
    await attempt(`delete ${this.url}/${key}`, options, (sent) =>
      blob.deleteIfExists({ deleteSnapshots: 'include', ...sent }),
    );
  }

  /** Azure drops blocks that were not committed after a week, and shows none of them. */
  async *listUploads(prefix: string, { signal }: CallOptions = {}): AsyncIterable<PendingUpload> {
    throwIfInterrupted(`list uploads of ${this.url}/${prefix}`, signal);
    yield* [];
  }

  async endUpload({ uploadId }: PendingUpload, { signal }: CallOptions = {}): Promise<void> {
    throwIfInterrupted(`end upload ${uploadId} of ${this.url}`, signal);
  }

  async createSignedUrl(key: string, ttlSeconds: number): Promise<string> {
    assertKey(key);
    const tried = `sign ${this.url}/${key}`;
    assertTtl(tried, ttlSeconds);
    const now = Date.now();
    const span = { startsOn: new Date(now - clockSkewMs), expiresOn: new Date(now + ttlSeconds * 1_000) };
    return attempt(tried, {}, () => this.#opened.sign(key, span));
  }

  async *#pages<Page>(
    prefix: string,
    { signal }: CallOptions,
    pages: (sent: { abortSignal?: AbortSignal }) => AsyncIterable<Page>,
  ): AsyncIterable<Page> {
    const tried = `list ${this.url}/${prefix}`;
    try {
      yield* pages(signal ? { abortSignal: signal } : {});
    } catch (error) {
      throw signal?.aborted ? interrupted(tried, error) : azureError(tried, error);
    }
  }
}

async function* namesOf<Page>(
  pages: AsyncIterable<Page>,
  items: (page: Page) => readonly { readonly name: string }[],
): AsyncIterable<string> {
  for await (const page of pages) for (const { name } of items(page)) yield name;
}

function checksumText(sha256: string): string {
  return `sha256:${sha256}`;
}
