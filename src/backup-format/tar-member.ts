import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Header } from 'tar/header';
import { Pax } from 'tar/pax';

const compress = promisify(gzip);

const blockBytes = 512;

/** Which part of the entries the output is expected to be, as pieces of JSON that stand there twice: it then comes in one piece. */
const expectedRatio = 4;

/** What a member of 1 MiB takes with its last item. */
const usualBytes = 1_280 * 1024;

/**
 * Memory of members that have been compressed, for others. V8 counts what lies outside its heap and collects all garbage after some
 * 64 MiB of it, so that memory which is thrown away with each member makes it mark the whole heap several times a second.
 */
const spare: Buffer[] = [];
const mostSpare = 16;

/** Collects whole tar entries, to be compressed as one gzip member without an end-of-archive. */
export class TarMember {
  readonly #header: Header;
  #blocks: Buffer = spare.pop() ?? Buffer.allocUnsafeSlow(usualBytes);
  /** Bytes of entries so far, uncompressed. */
  bytes = 0;

  /**
   * The entries are regular files. Their mode has the `x` bits because Velero's extractor gives the mode of a file to the directory it
   * makes for it.
   */
  constructor(mtime: Date) {
    this.#header = new Header({ type: 'File', mode: 0o755, mtime, uid: 0, gid: 0, uname: '', gname: '' });
  }

  /** Adds files of the same content. */
  add(names: readonly string[], content: string): void {
    const length = Buffer.byteLength(content);
    const padded = blockBytes * Math.ceil(length / blockBytes);
    let first: number | undefined;
    for (const name of names) {
      this.#addHeader(name, length);
      const at = this.#take(padded);
      if (first === undefined) {
        this.#blocks.write(content, at);
        this.#blocks.fill(0, at + length, at + padded);
      } else this.#blocks.copyWithin(at, first, first + padded);
      first ??= at;
    }
  }

  /** The gzip member. To be called once; nothing can be added any more. */
  async compress(level: number): Promise<Buffer> {
    const blocks = this.#blocks;
    const chunkSize = Math.ceil(this.bytes / expectedRatio);
    const compressed = await compress(blocks.subarray(0, this.bytes), { level, chunkSize });
    if (blocks.length === usualBytes && spare.length < mostSpare) spare.push(blocks);
    return compressed;
  }

  /** A name that its fields do not hold is told in full by an extended header before it. */
  #addHeader(path: string, size: number): void {
    Object.assign(this.#header, { path, size });
    const at = this.#take(blockBytes);
    this.#blocks.fill(0, at, at + blockBytes);
    if (!this.#header.encode(this.#blocks, at)) return;
    const extended = new Pax({ path }).encode();
    this.#take(extended.length);
    this.#blocks.copyWithin(at + extended.length, at, at + blockBytes);
    extended.copy(this.#blocks, at);
  }

  /** Room for so many bytes: where they begin. */
  #take(bytes: number): number {
    const at = this.bytes;
    this.bytes += bytes;
    if (this.bytes > this.#blocks.length) {
      const larger = Buffer.allocUnsafeSlow(2 * this.bytes);
      this.#blocks.copy(larger, 0, 0, at);
      this.#blocks = larger;
    }
    return at;
  }
}
