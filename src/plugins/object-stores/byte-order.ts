/**
 * Brings keys that are in the order of their UTF-16 units into that of their UTF-8 bytes. The two differ only where a unit above
 * U+D7FF meets another, and between two such keys there are none without: nothing else is held back.
 */
export async function* inByteOrder(keys: AsyncIterable<string>): AsyncIterable<string> {
  let held: string[] = [];
  for await (const key of keys) {
    if (/[\ud800-\uffff]/.test(key)) {
      held.push(key);
      continue;
    }
    yield* sorted(held);
    held = [];
    yield key;
  }
  yield* sorted(held);
}

function sorted(keys: readonly string[]): string[] {
  return keys
    .map((key) => Buffer.from(key))
    .sort(Buffer.compare)
    .map(String);
}
