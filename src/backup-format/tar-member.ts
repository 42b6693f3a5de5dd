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
const mostSpare = 4;

/** Where a header has what differs from entry to entry: `name`, `size` in octal digits, and the sum of all bytes in as many. */
const nameBytes = 100;
const sizeAt = 124;
const sizeDigits = 10;
const sumAt = 148;
const sumBytes = 8;
const sumDigits = 6;

/** Collects whole tar entries, to be compressed as one gzip member without an end-of-archive. */
export class TarMember {
  readonly #header: Header;
  /** A header without name and size. */
  readonly #blank: Buffer = Buffer.alloc(blockBytes);
  /** Of its bytes but for size and sum, the sum counting as spaces. */
  readonly #blankSum: number;
  #blocks: Buffer = spare.pop() ?? Buffer.allocUnsafeSlow(usualBytes);
  /** Bytes of entries so far, uncompressed. */
  bytes = 0;

  /**
   * The entries are regular files. Their mode has the `x` bits because Velero's extractor gives the mode of a file to the directory it
   * makes for it.
   */
  constructor(mtime: Date) {
    this.#header = new Header({ type: 'File', mode: 0o755, mtime, uid: 0, gid: 0, uname: '', gname: '' });
    Object.assign(this.#header, { path: '', size: 0 });
    this.#header.encode(this.#blank);
    const blank = Buffer.from(this.#blank).fill(' ', sumAt, sumAt + sumBytes);
    this.#blankSum = blank.fill(0, sizeAt, sizeAt + sizeDigits).reduce((sum, byte) => sum + byte, 0);
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

  /** Of most headers only name, size and sum have to be written; the library would take five times as long for the whole of each. */
  #addHeader(name: string, length: number): void {
    const size = length.toString(8).padStart(sizeDigits, '0');
    const sum = asciiSum(name, nameBytes);
    if (sum === undefined || size.length > sizeDigits) return this.#addExtendedHeader(name, length);
    const at = this.#take(blockBytes);
    this.#blank.copy(this.#blocks, at);
    this.#blocks.write(name, at, 'latin1');
    this.#blocks.write(size, at + sizeAt, 'latin1');
    const total = this.#blankSum + sum + asciiSum(size, sizeDigits)!;
    this.#blocks.write(total.toString(8).padStart(sumDigits, '0'), at + sumAt, 'latin1');
  }

  /** A name that its fields do not hold is told in full by an extended header before it. */
  #addExtendedHeader(path: string, size: number): void {
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

/** The sum of a text's bytes; `undefined` if it has more than `most` of them, or others than ASCII's. */
function asciiSum(text: string, most: number): number | undefined {
  if (text.length > most) return undefined;
  let sum = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) return undefined;
    sum += code;
  }
  return sum;
}
