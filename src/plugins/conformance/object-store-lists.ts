import assert from 'node:assert/strict';
import type { ObjectStore } from '../object-store.ts';
import type { Check } from './check.ts';
import { all, write } from './contents.ts';

/** One more than the longest page of the stores there are. */
const moreThanAPage = 1_001;

/** Writes empty objects, several at a time. */
async function fill(store: ObjectStore, keys: readonly string[]): Promise<void> {
  const left = [...keys];
  const writer = async (): Promise<void> => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) await store.putObject(key, new Uint8Array());
  };
  await Promise.all(Array.from({ length: 16 }, writer));
}

/** What `ObjectStore` promises of lists. */
export const listChecks: readonly Check<ObjectStore>[] = [
  {
    title: 'a list yields the keys below a prefix, which may end within a segment',
    async verify(store) {
      const keys = ['a-b/1', 'a/1', 'a/2/3', 'ab', 'b/a/1'];
      for (const key of keys) await write(store, key);
      for (const [prefix, expected] of [
        ['', keys],
        ['a', ['a-b/1', 'a/1', 'a/2/3', 'ab']],
        ['a/', ['a/1', 'a/2/3']],
        ['a/2', ['a/2/3']],
        ['a/2/3', ['a/2/3']],
        ['a/1/', []],
        ['c', []],
      ] as const)
        assert.deepEqual(await all(store.listObjects(prefix)), expected, `prefix ${JSON.stringify(prefix)}`);
    },
  },
  {
    title: 'a list is in the order of the keys as UTF-8 bytes',
    async verify(store) {
      const keys = ['A', 'a!b', 'a-b/c', 'a.b', 'a/b', 'a0', 'aa', 'a\u00e9', 'a\uff5e', 'a\ud83e\udea2'];
      await fill(store, [...keys].reverse());
      assert.deepEqual(await all(store.listObjects('')), keys);
    },
  },
  {
    title: 'a list may be longer than a page, and so may the list of common prefixes',
    async verify(store) {
      const keys = Array.from({ length: moreThanAPage }, (_, index) => `many/${String(index).padStart(4, '0')}/key`);
      await fill(store, keys);
      assert.deepEqual(await all(store.listObjects('many/')), keys);
      assert.deepEqual(
        await all(store.listCommonPrefixes('many/', '/')),
        keys.map((key) => key.slice(0, -'key'.length)),
      );
      const stop = new AbortController();
      await assert.rejects(
        async () => {
          for await (const _key of store.listObjects('many/', { signal: stop.signal })) stop.abort();
        },
        { code: 'Interrupted' },
        'a signal that fires during the list',
      );
    },
  },
  {
    title: 'a list may be left before its end',
    async verify(store) {
      await fill(store, ['a', 'b', 'c']);
      const seen: string[] = [];
      for await (const key of store.listObjects('')) {
        seen.push(key);
        if (seen.length === 2) break;
      }
      assert.deepEqual(seen, ['a', 'b']);
    },
  },
  {
    title: 'a list sees every write and deletion that has resolved',
    async verify(store) {
      for (const key of ['a', 'b']) {
        await write(store, key);
        assert.deepEqual(await all(store.listObjects(key)), [key]);
        await store.deleteObject(key);
        assert.deepEqual(await all(store.listObjects('')), []);
      }
    },
  },
  {
    title: 'a prefix that no key can have lists nothing',
    async verify(store) {
      await fill(store, ['a', 'b/c']);
      for (const prefix of ['/', '//', '../', './', 'b//', 'b/../', 'b/./']) {
        assert.deepEqual(await all(store.listObjects(prefix)), [], prefix);
        assert.deepEqual(await all(store.listCommonPrefixes(prefix, '/')), [], prefix);
      }
    },
  },
  {
    title: 'common prefixes reach through the first delimiter, each once, in byte order',
    async verify(store) {
      await fill(store, ['a-b/z', 'a/x/1', 'a/x/2', 'a/y/1/2', 'a/z', 'top']);
      for (const [prefix, expected] of [
        ['', ['a-b/', 'a/']],
        ['a', ['a-b/', 'a/']],
        ['a/', ['a/x/', 'a/y/']],
        ['a/y/', ['a/y/1/']],
        ['a/x/', []],
        ['absent/', []],
      ] as const)
        assert.deepEqual(await all(store.listCommonPrefixes(prefix, '/')), expected, JSON.stringify(prefix));
    },
  },
  {
    title: 'a common prefix goes with its last object',
    async verify(store) {
      await fill(store, ['a/x/1', 'a/y/1']);
      await store.deleteObject('a/x/1');
      assert.deepEqual(await all(store.listCommonPrefixes('a/', '/')), ['a/y/']);
    },
  },
];
