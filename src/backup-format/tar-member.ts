import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';

const compress = promisify(gzip);

/** What `finalize` writes at the end, and a member that others follow must not hold: readers stop there. */
const endOfArchiveBytes = 1_024;

const blockBytes = 512;

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
    this.#pack.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of this.#pack) chunks.push(chunk as Buffer);
    const entries = Buffer.concat(chunks);
    return compress(entries.subarray(0, entries.length - endOfArchiveBytes), { level });
  }
}
