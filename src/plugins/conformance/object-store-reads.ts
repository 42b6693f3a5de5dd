import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { BowlineError, errorCode } from '../../api/errors.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Check } from './check.ts';
import { all, blocks, read, write } from './contents.ts';

/** More than the buffers on the way hold, so that a reader that stops has not read all of it. */
const longBytes = 12 * 1024 * 1024;

/** How far the clocks of a store and of those who use it may be apart. */
const clocksDifferByMs = 3_600_000;

/** Keys that the contract rules out. */
export const invalidKeys: readonly string[] = [
  ...['', '/', '/a', 'a/', 'a//b', '.', '..', './a', '../a', 'a/./b', 'a/../b', 'a/..', 'a\\b'],
  ...['a\nb', 'a\0b', 'a\u001bb', 'a\u007fb', 'k'.repeat(1_025), '\u00e9'.repeat(513)],
];

/** Keys that it allows, and that one encoding or another gets wrong. */
const oddKeys = [
  'with space/and  two',
  'plus+plus',
  'percent%2Fencoded/%',
  'question?x=1&y=2',
  'hash#1',
  'quotes\'"`',
  'angle<b>&amp;',
  'brackets[1]{2}(3)',
  'a:b;c,d=e@f!$^|~*',
  '.hidden/..still-a-name/...',
  'accent-\u00e9-and-e\u0301',
  '\u5099\u4efd/\ud83e\udea2.tar.gz',
];

/** Every method that takes a key, applied to one. */
const methods: readonly [name: string, call: (store: ObjectStore, key: string) => Promise<unknown>][] = [
  ['putObject', (store, key) => store.putObject(key, Buffer.from('x'))],
  ['objectExists', (store, key) => store.objectExists(key)],
  ['statObject', (store, key) => store.statObject(key)],
  ['getObject', (store, key) => store.getObject(key)],
  ['deleteObject', (store, key) => store.deleteObject(key)],
];

/** Fetches without telling the URL, which is a credential, when it fails. */
async function fetchSigned(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  try {
    return await fetch(url, { headers });
  } catch (error) {
    const { code = 'no answer' } = ((error as Error).cause ?? {}) as { readonly code?: string };
    throw new BowlineError('Unsupported', `get what a signed URL leads to: ${code}`);
  }
}

/** What `ObjectStore` promises of reads, of keys, and of every method alike. */
export const readChecks: readonly Check<ObjectStore>[] = [
  {
    title: 'exists and stat tell what is there',
    async verify(store) {
      await write(store, 'a/b', 'four');
      assert.equal(await store.objectExists('a/b'), true);
      assert.equal((await store.statObject('a/b')).bytes, 4);
      const ageMs = Date.now() - Date.parse((await store.statObject('a/b')).modifiedAt);
      assert.ok(Math.abs(ageMs) < clocksDifferByMs, `written ${ageMs} ms ago, by what stat tells`);
    },
  },
  {
    title: 'what is absent reads as NotFound, before the first byte, and the message names the key',
    async verify(store) {
      await write(store, 'there/is/one');
      for (const key of ['absent', 'absent/below', 'there', 'there/is', 'there/is/one/below']) {
        assert.equal(await store.objectExists(key), false, key);
        for (const call of [() => store.statObject(key), () => store.getObject(key)])
          await assert.rejects(call, (error: Error) => errorCode(error) === 'NotFound' && error.message.includes(key));
      }
    },
  },
  {
    title: 'a range has both ends, and stops at the end of the object',
    async verify(store) {
      await write(store, 'k', '0123456789');
      assert.equal(await read(store, 'k', { range: { start: 0, end: 0 } }), '0');
      assert.equal(await read(store, 'k', { range: { start: 2, end: 4 } }), '234');
      assert.equal(await read(store, 'k', { range: { start: 7, end: 1_000 } }), '789');
    },
  },
  {
    title: 'a range that starts past the end of the object rejects with NotFound',
    async verify(store) {
      await write(store, 'k', '0123456789');
      await write(store, 'empty', '');
      for (const [key, start] of [
        ['k', 10],
        ['k', 1_000],
        ['empty', 0],
      ] as const)
        await assert.rejects(store.getObject(key, { range: { start, end: start + 5 } }), { code: 'NotFound' });
    },
  },
  {
    title: 'a reader may close the stream before its end',
    async verify(store) {
      await store.putObject('k', Readable.from(blocks(longBytes)));
      for (let round = 0; round < 3; round++) {
        const body = await store.getObject('k');
        body.destroy();
        await once(body, 'close');
      }
      const body = await store.getObject('k');
      for await (const _chunk of body) break;
      assert.equal(await read(store, 'k', { range: { start: 0, end: 1 } }), '0 ');
    },
  },
  {
    title: 'a signal that fires during a read breaks the stream off with Interrupted',
    async verify(store) {
      await store.putObject('k', Readable.from(blocks(longBytes)));
      const stop = new AbortController();
      const body = await store.getObject('k', { signal: stop.signal });
      await assert.rejects(
        async () => {
          for await (const _chunk of body) stop.abort();
        },
        { code: 'Interrupted' },
      );
    },
  },
  {
    title: 'a signal that fired before rejects everything with Interrupted',
    async verify(store) {
      await write(store, 'k');
      const options = { signal: AbortSignal.abort() };
      const calls = [
        () => store.putObject('k', Buffer.from('x'), options),
        () => store.objectExists('k', options),
        () => store.statObject('k', options),
        () => store.getObject('k', options),
        () => store.deleteObject('k', options),
        () => all(store.listObjects('', options)),
        () => all(store.listCommonPrefixes('', '/', options)),
      ];
      for (const call of calls) await assert.rejects(call, { code: 'Interrupted' }, String(call));
      assert.equal(await read(store, 'k'), 'k');
    },
  },
  {
    title: 'keys may hold spaces, signs that URLs and XML reserve, and any script',
    async verify(store) {
      for (const key of oddKeys) await write(store, key);
      for (const key of oddKeys) {
        assert.equal(await read(store, key), key);
        assert.equal(await store.objectExists(key), true, key);
        assert.deepEqual(await all(store.listObjects(key)), [key]);
      }
      assert.deepEqual((await all(store.listObjects(''))).sort(), [...oddKeys].sort());
      for (const key of oddKeys) await store.deleteObject(key);
      assert.deepEqual(await all(store.listObjects('')), []);
    },
  },
  {
    title:
      'keys that are empty, absolute, too long, or have empty, `.` or `..` segments or control characters, reject with InvalidConfig',
    async verify(store) {
      for (const key of invalidKeys) {
        for (const [name, call] of methods)
          await assert.rejects(call(store, key), { code: 'InvalidConfig' }, `${name} of ${JSON.stringify(key)}`);
        await assert.rejects(store.createSignedUrl(key, 60), (error) =>
          ['InvalidConfig', 'Unsupported'].includes(errorCode(error) ?? ''),
        );
      }
      assert.deepEqual(await all(store.listObjects('')), []);
    },
  },
  {
    // The longest of a backup's own are some 600 bytes long; the rest is for prefixes.
    title: 'a key may have eight hundred bytes',
    async verify(store) {
      const key = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(159)).join('/');
      await write(store, key, 'long');
      assert.equal(await read(store, key), 'long');
      assert.deepEqual(await all(store.listObjects('a')), [key]);
    },
  },
  {
    title: 'a signed URL gives the object to whoever has it, or signing rejects with Unsupported',
    async verify(store) {
      const key = 'with space+plus/\u00e9.txt';
      await write(store, key, 'signed');
      let url;
      try {
        url = await store.createSignedUrl(key, 60);
      } catch (error) {
        assert.equal(errorCode(error), 'Unsupported');
        return;
      }
      const response = await fetchSigned(url);
      assert.equal(response.status, 200);
      assert.equal(await response.text(), 'signed');
      const part = await fetchSigned(url, { range: 'bytes=1-2' });
      assert.deepEqual([part.status, await part.text()], [206, 'ig']);
      await store.deleteObject(key);
      const absent = await fetchSigned(url);
      assert.ok(absent.status >= 400, String(absent.status));
      await absent.body?.cancel();
    },
  },
  {
    title: 'a signed URL lasts from a second to a week; for longer, signing rejects with Unsupported',
    async verify(store) {
      for (const seconds of [0, -1, 1.5, 604_801])
        await assert.rejects(store.createSignedUrl('k', seconds), { code: 'Unsupported' }, String(seconds));
    },
  },
  {
    title: 'the URL has a scheme and no credentials',
    async verify(store) {
      assert.match(store.url, /^[a-z0-9]+:\/\/./);
      assert.doesNotMatch(store.url, /@/);
    },
  },
];
