import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import type { Config } from '../../src/api/config.ts';
import { openAwsClients } from '../../src/plugins/object-stores/aws-client.ts';
import { connectRaw, discoverRaw, pagesRaw, type ListedResource } from './raw-cluster.ts';

const compress = promisify(gzip);

/** What a floor came to. */
export interface Floor {
  readonly items: number;
  readonly seconds: number;
  /** Of the items' JSON. */
  readonly bytes: number;
}

const connections = 4;
const blockBytes = 512;
const memberBytes = 1024 * 1024;

/**
 * Lists everything over four connections, in pages of 500; parses; makes of each item its JSON, twice behind 512 bytes of
 * header as in a tarball; compresses these at level 6 on the thread pool; and puts them to the store in one piece.
 */
export async function backupFloor(config: Config): Promise<Floor> {
  const { objectStorage, config: settings = {} } = config.backupStorageLocations[0]!;
  const { client } = await openAwsClients({ ...settings, bucket: objectStorage.bucket });
  const cluster = await connectRaw(config.kubernetes.kubeconfig ?? '', connections);
  const members = new Members();
  let items = 0;

  async function list(resource: ListedResource): Promise<void> {
    const { apiVersion, kind } = resource;
    for await (const page of pagesRaw(cluster, resource)) {
      items += page.length;
      for (const item of page) members.add(JSON.stringify({ apiVersion, kind, ...item }));
    }
  }

  const startedAt = performance.now();
  const limit = pLimit(connections);
  await Promise.all((await discoverRaw(cluster)).map((resource) => limit(() => list(resource))));
  const Body = await members.finish();
  await client.send(new PutObjectCommand({ Bucket: objectStorage.bucket, Key: 'floor', Body }));
  return { items, seconds: (performance.now() - startedAt) / 1_000, bytes: members.bytes };
}

/** Collects bodies and compresses them by the MiB. */
class Members {
  bytes = 0;
  readonly #compressed: Promise<Buffer>[] = [];
  #blocks: Buffer[] = [];
  #size = 0;

  add(json: string): void {
    const body = Buffer.from(json);
    this.bytes += body.length;
    const padded = Buffer.alloc(blockBytes * (1 + Math.ceil(body.length / blockBytes)));
    body.copy(padded, blockBytes);
    this.#blocks.push(padded, padded);
    this.#size += 2 * padded.length;
    if (this.#size >= memberBytes) this.#close();
  }

  async finish(): Promise<Buffer> {
    this.#close();
    return Buffer.concat(await Promise.all(this.#compressed));
  }

  #close(): void {
    this.#compressed.push(compress(Buffer.concat(this.#blocks), { level: 6 }));
    this.#blocks = [];
    this.#size = 0;
  }
}
