import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import type { ObjectStore } from '../object-store.ts';
import type { Check } from './check.ts';
import { all } from './contents.ts';
import { invalidKeys } from './object-store-reads.ts';

/** As many keys as are looked at: more than a page. */
const mostKeys = 1_001;
/** As many bytes of an object as are read. */
const mostBytes = 1_048_576;

/** The first keys that a list yields. */
async function first(keys: AsyncIterable<string>, count = mostKeys): Promise<string[]> {
  const found: string[] = [];
  if (count === 0) return found;
  for await (const key of keys) if (found.push(key) === count) break;
  return found;
}

/**
 * The promises of `ObjectStore` that can be checked without a write, on a store that holds anything, or nothing. Of what is there
 * some 1,000 keys are listed, and the first object is read, a megabyte of it at most.
 */
export const readOnlyObjectStoreChecks: readonly Check<ObjectStore>[] = [
  {
    title: 'a list is in the order of the keys as UTF-8 bytes, each once',
    async verify(store) {
      const keys = await first(store.listObjects(''));
      const sorted = [...new Set(keys)].map((key) => Buffer.from(key)).sort((a, b) => Buffer.compare(a, b));
      assert.deepEqual(keys, sorted.map(String));
    },
  },
  {
    title: 'common prefixes are those of the keys in a list',
    async verify(store) {
      const keys = await first(store.listObjects(''));
      const prefixes = [...new Set(keys.filter((key) => key.includes('/')).map((key) => key.split('/')[0] + '/'))];
      // The last one that was listed may not be all there is.
      assert.deepEqual(await first(store.listCommonPrefixes('', '/'), prefixes.length), prefixes);
    },
  },
  {
    title: 'what a list shows can be read, and is as long as stat tells',
    async verify(store) {
      const [key] = await first(store.listObjects(''), 1);
      if (key === undefined) return;
      assert.equal(await store.objectExists(key), true);
      const { bytes } = await store.statObject(key);
      if (bytes === 0) return;
      const range = { start: 0, end: Math.min(bytes, mostBytes) - 1 };
      assert.equal((await buffer(await store.getObject(key, { range }))).length, range.end + 1);
      await assert.rejects(store.getObject(key, { range: { start: bytes, end: bytes } }), { code: 'NotFound' });
    },
  },
  {
    title: 'what is absent reads as NotFound',
    async verify(store) {
      const key = 'plugins/bowline-validate/absent';
      assert.equal(await store.objectExists(key), false);
      await assert.rejects(store.statObject(key), { code: 'NotFound' });
      await assert.rejects(store.getObject(key), { code: 'NotFound' });
    },
  },
  {
    title: 'keys that the contract rules out are not read: InvalidConfig',
    async verify(store) {
      for (const key of invalidKeys) {
        for (const call of [() => store.objectExists(key), () => store.statObject(key), () => store.getObject(key)])
          await assert.rejects(call, { code: 'InvalidConfig' }, JSON.stringify(key));
      }
    },
  },
  {
    title: 'a signal that fired before rejects every read with Interrupted',
    async verify(store) {
      const options = { signal: AbortSignal.abort() };
      const calls = [
        () => store.objectExists('k', options),
        () => store.statObject('k', options),
        () => store.getObject('k', options),
        () => all(store.listObjects('', options)),
        () => all(store.listCommonPrefixes('', '/', options)),
      ];
      for (const call of calls) await assert.rejects(call, { code: 'Interrupted' }, String(call));
    },
  },
];
