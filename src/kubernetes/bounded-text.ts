/** The beginning and the end of a text of any length, in memory that does not grow with it. */
export class BoundedText {
  readonly #each: number;
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #bytes = 0;

  /** Keeps `each` bytes of the beginning, and as many of the end. */
  constructor(each: number) {
    this.#each = each;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    const room = this.#each - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.min(room, chunk.length));
    if (rest.length === 0) return;
    const kept = this.#tail.subarray(Math.max(0, this.#tail.length + rest.length - this.#each));
    // A copy of what is kept alone: a slice would hold all of the chunk.
    this.#tail = Buffer.concat([kept, rest.subarray(Math.max(0, rest.length - this.#each))]);
  }

  toString(): string {
    const left = this.#bytes - this.#head.length - this.#tail.length;
    const parts = [this.#head, Buffer.from(left === 0 ? '' : `\n[${left} bytes left out]\n`), this.#tail];
    return Buffer.concat(parts).toString('utf8');
  }
}
