import { createHash } from 'node:crypto';

/** The first half of a SHA-256: enough to tell keys and contents apart. */
const hashBytes = 16;
const recordBytes = 2 * hashBytes;

/** What became of a key between two indexes. */
export type KeyChange = 'removed' | 'added' | 'changed';

/** The hash of a key or a content, as the index holds it. */
export function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, hashBytes);
}

/** Keys and contents of items as hashes: 32 bytes an item, whatever the items are. */
export class ItemIndex {
  #records = Buffer.alloc(1_024 * recordBytes);
  #count = 0;
  #sorted = true;

  /** Adds an item; of several with one key the last one counts. */
  add(key: Buffer, content: Buffer): void {
    if ((this.#count + 1) * recordBytes > this.#records.length)
      this.#records = Buffer.concat([this.#records, Buffer.alloc(this.#records.length)]);
    key.copy(this.#records, this.#count * recordBytes);
    content.copy(this.#records, this.#count * recordBytes + hashBytes);
    this.#count++;
    this.#sorted = false;
  }

  has(key: Buffer): boolean {
    this.#sort();
    let [low, high] = [0, this.#count - 1];
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = this.#keyAt(middle).compare(key);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }

  /** What changed between this one and a later one, by the keys' hashes as texts: both are gone through side by side. */
  changesTo(later: ItemIndex): Map<string, KeyChange> {
    this.#sort();
    later.#sort();
    const changes = new Map<string, KeyChange>();
    let [left, right] = [0, 0];
    while (left < this.#count || right < later.#count) {
      const order = compareAt(this, left, later, right);
      const key = (order <= 0 ? this.#keyAt(left) : later.#keyAt(right)).toString('latin1');
      if (order < 0) changes.set(key, 'removed');
      else if (order > 0) changes.set(key, 'added');
      else if (!this.#contentAt(left).equals(later.#contentAt(right))) changes.set(key, 'changed');
      if (order <= 0) left++;
      if (order >= 0) right++;
    }
    return changes;

    function compareAt(a: ItemIndex, i: number, b: ItemIndex, j: number): number {
      if (i >= a.#count) return 1;
      return j >= b.#count ? -1 : a.#keyAt(i).compare(b.#keyAt(j));
    }
  }

  #keyAt(at: number): Buffer {
    return this.#records.subarray(at * recordBytes, at * recordBytes + hashBytes);
  }

  #contentAt(at: number): Buffer {
    return this.#records.subarray(at * recordBytes + hashBytes, (at + 1) * recordBytes);
  }

  /** Sorts by key, and keeps the last record of each. */
  #sort(): void {
    if (this.#sorted) return;
    const records = this.#records;
    const order = Uint32Array.from({ length: this.#count }, (_, index) => index);
    const word = (at: number, offset: number): number => records.readUInt32BE(at * recordBytes + offset);
    order.sort((a, b) => {
      for (let offset = 0; offset < hashBytes; offset += 4) {
        const difference = word(a, offset) - word(b, offset);
        if (difference !== 0) return difference;
      }
      return a - b;
    });
    const sorted = Buffer.alloc(records.length);
    let count = 0;
    for (const at of order) {
      const isSame =
        count > 0 &&
        records.compare(
          sorted,
          (count - 1) * recordBytes,
          (count - 1) * recordBytes + hashBytes,
          at * recordBytes,
          at * recordBytes + hashBytes,
        ) === 0;
      if (isSame) count--;
      records.copy(sorted, count * recordBytes, at * recordBytes, (at + 1) * recordBytes);
      count++;
    }
    this.#records = sorted;
    this.#count = count;
    this.#sorted = true;
  }
}
