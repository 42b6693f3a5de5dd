import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';

const compress = promisify(gzip);

/** What `finalize` writes at the end, and a member that others follow must not hold: readers stop there. */
const endOfArchiveBytes = 1_024;

const blockBytes = 512;

/** Output comes in pieces of this size, each by a turn of the event loop: far fewer than Node's own 16 KiB make. */
const outputBytes = 256 * 1024;

/** Collects whole tar entries, to be compressed as one gzip member without an end-of-archive. */
export class TarMember {
  readonly #pack: Pack = pack();
  readonly #mtime: Date;
  /** Bytes of entries so far, uncompressed; extended headers for long names are not counted. */
  bytes = 0;

  constructor(mtime: Date) {
    this.#mtime = mtime;
  }

  /**
   * Adds a regular file. The mode has the `x` bits because Velero's extractor gives the mode of a file to the directory it makes
   * for it.
   */
  add(name: string, body: Buffer): void {
    this.#pack.entry(
      { name, size: body.length, mode: 0o755, mtime: this.#mtime, uid: 0, gid: 0, uname: '', gname: '', type: 'file' },
      body,
    );
    this.bytes += blockBytes * (1 + Math.ceil(body.length / blockBytes));
  }

  /** The gzip member. Nothing can be added any more. */
  async compress(level: number): Promise<Buffer> {
    const entries = await this.#entries();
    return compress(entries.subarray(0, entries.length - endOfArchiveBytes), { level, chunkSize: outputBytes });
  }

  /** All entries in one piece. An iteration would wait for a turn at each header, body and padding. */
  #entries(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      this.#pack.on('data', (chunk) => chunks.push(chunk as Buffer));
      this.#pack.once('end', () => resolve(Buffer.concat(chunks)));
      this.#pack.once('error', reject);
      this.#pack.finalize();
    });
  }
}
