import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { BowlineError, errorCode, isPermanent } from '../../api/errors.ts';
import type { ObjectStore, WrittenObject } from '../object-store.ts';
import type { Check } from './check.ts';
import { failing, interrupt, severalParts, stalling, untilRead } from './bodies.ts';
import { all, assertBlocks, assertEmpty, blocks, read, sha256, write } from './contents.ts';

/** How often a write may meet a fault that may pass. */
const mostAttempts = 100;

/** Asserts what a write resolved with, but for the checksum, which each store has its own. */
function assertWritten({ bytes, sha256 }: WrittenObject, expected: WrittenObject): void {
  assert.deepEqual({ bytes, sha256 }, expected);
}

/** Repeats what meets another writer, as every caller of a store does. */
async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (isPermanent(error) || errorCode(error) === 'Interrupted' || attempt === mostAttempts) throw error;
    }
  }
}

/** What `ObjectStore` promises of writes and deletions. */
export const writeChecks: readonly Check<ObjectStore>[] = [
  {
    title: 'a write replaces the whole object',
    async verify(store) {
      await write(store, 'k', 'a longer first version');
      await write(store, 'k', 'second');
      assert.equal(await read(store, 'k'), 'second');
    },
  },
  {
    title: 'a write resolves with the size and the SHA-256 of what was written, from a stream as from bytes',
    async verify(store) {
      const expected = { bytes: 5, sha256: sha256('h\u00e9ll') };
      const stream = Readable.from([Buffer.from('h\u00e9'), Buffer.from('ll')]);
      assertWritten(await store.putObject('a', stream), expected);
      assertWritten(await store.putObject('b', Buffer.from('h\u00e9ll')), expected);
      assert.deepEqual([await read(store, 'a'), await read(store, 'b')], ['h\u00e9ll', 'h\u00e9ll']);
    },
  },
  {
    title: 'an object may be empty',
    async verify(store) {
      const expected = { bytes: 0, sha256: sha256('') };
      assertWritten(await store.putObject('a', Readable.from([])), expected);
      assertWritten(await store.putObject('b', new Uint8Array()), expected);
      for (const key of ['a', 'b']) {
        assert.equal((await store.statObject(key)).bytes, 0);
        assert.equal(await read(store, key), '');
      }
    },
  },
  {
    title: 'a stream of 12 MB arrives as it is',
    async verify(store) {
      const written = await store.putObject('k', Readable.from(blocks(severalParts)));
      assertWritten(written, { bytes: severalParts, sha256: sha256(Buffer.concat([...blocks(severalParts)])) });
      assert.equal((await store.statObject('k')).bytes, severalParts);
      await assertBlocks(store, 'k', severalParts);
    },
  },
  {
    title: 'the checksum that a store keeps is the one that the write foretold, and another for other content',
    async verify(store) {
      const bodies = ['', 'some', 'same'].map((content) => Buffer.from(content));
      for (const body of [...bodies, Buffer.concat([...blocks(severalParts)])]) {
        const written = await store.putObject(`of-${sha256(body)}`, body);
        const { checksum } = await store.statObject(`of-${sha256(body)}`);
        if (written.checksum !== undefined && checksum !== undefined) assert.equal(checksum, written.checksum);
      }
      const [some, same] = await Promise.all(['some', 'same'].map((text) => store.statObject(`of-${sha256(text)}`)));
      assert.ok(some?.checksum === undefined || some.checksum !== same?.checksum, some?.checksum);
    },
  },
  {
    title: 'ifAbsent writes what is not there and refuses with AlreadyExists to replace what is',
    async verify(store) {
      await write(store, 'k', 'first', { ifAbsent: true });
      await assert.rejects(write(store, 'k', 'second', { ifAbsent: true }), { code: 'AlreadyExists' });
      assert.equal(await read(store, 'k'), 'first');
    },
  },
  {
    title: 'what is refused is told with the store and the key',
    async verify(store) {
      await write(store, 'a/k');
      await assert.rejects(write(store, 'a/k', 'second', { ifAbsent: true }), (error: Error) =>
        error.message.startsWith(`put ${store.url}/a/k: `),
      );
      await assert.rejects(store.statObject('a/l'), (error: Error) =>
        error.message.startsWith(`stat ${store.url}/a/l: `),
      );
    },
  },
  {
    title: 'ifAbsent refuses to replace an object by one of 12 MB, and leaves nothing of it',
    async verify(store) {
      await write(store, 'k', 'first');
      const second = store.putObject('k', Readable.from(blocks(severalParts)), { ifAbsent: true });
      await assert.rejects(second, { code: 'AlreadyExists' });
      assert.equal(await read(store, 'k'), 'first');
      assert.deepEqual(await all(store.listObjects('')), ['k']);
    },
  },
  {
    title: 'of concurrent ifAbsent writers exactly one wins',
    async verify(store) {
      const writers = Array.from({ length: 8 }, (_, index) => `writer ${index}`);
      const outcomes = await Promise.allSettled(writers.map((name) => write(store, 'k', name, { ifAbsent: true })));
      const winners = writers.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      assert.equal(winners.length, 1);
      assert.equal(await read(store, 'k'), winners[0]);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        assert.ok(['AlreadyExists', 'Conflict'].includes(errorCode(outcome.reason) ?? ''), String(outcome.reason));
      }
    },
  },
  {
    title: 'a body that fails leaves nothing, and its own code is the code',
    async verify(store) {
      const failure = new BowlineError('CorruptBackup', 'read b: cut off');
      await assert.rejects(store.putObject('k', failing(failure)), { code: 'CorruptBackup' });
      assert.equal(await store.objectExists('k'), false);
      await assertEmpty(store);
    },
  },
  {
    title: 'a body that fails without one of our codes rejects as a passing fault and keeps the object that was there',
    async verify(store) {
      await write(store, 'k', 'first');
      await assert.rejects(store.putObject('k', failing(new Error('boom'))), { code: 'Unavailable' });
      assert.equal(await read(store, 'k'), 'first');
    },
  },
  {
    title: 'a body that is destroyed before its end leaves nothing',
    async verify(store) {
      const early = stalling(1_000);
      early.destroy();
      await assert.rejects(store.putObject('early', early), { code: 'Unavailable' });

      const late = stalling(1_000);
      const refused = assert.rejects(store.putObject('late', late), { code: 'Unavailable' });
      await untilRead(late, refused);
      late.destroy();
      await refused;
      await assertEmpty(store);
    },
  },
  {
    title: 'a signal that fires during a write leaves nothing and rejects with Interrupted',
    async verify(store) {
      await interrupt(store, 'small', 1_000);
      await interrupt(store, 'several-parts', severalParts);
      await assertEmpty(store);
    },
  },
  {
    title: 'a signal that fired before leaves nothing and rejects with Interrupted',
    async verify(store) {
      const signal = AbortSignal.abort();
      await assert.rejects(write(store, 'k', 'text', { signal }), { code: 'Interrupted' });
      await assert.rejects(store.putObject('k', stalling(10), { signal }), { code: 'Interrupted' });
      await assertEmpty(store);
    },
  },
  {
    title: 'no reader sees part of an object while it is being replaced',
    async verify(store) {
      const versions = ['a', 'b'].map((letter) => letter.repeat(100_000));
      await write(store, 'k', versions[0]);
      let writing = true;
      const writer = (async () => {
        for (let round = 0; round < 10; round++) await write(store, 'k', versions[round % 2]);
      })().finally(() => (writing = false));
      const reader = (async () => {
        while (writing) assert.ok(versions.includes(await read(store, 'k')), 'neither of the two versions');
      })();
      // Both end before the check does, whichever fails.
      const [written, seen] = await Promise.allSettled([writer, reader]);
      for (const outcome of [seen, written]) if (outcome.status === 'rejected') throw outcome.reason;
    },
  },
  {
    title: 'a store may be used concurrently',
    async verify(store) {
      const keys = Array.from({ length: 40 }, (_, index) => `shared/${String(index).padStart(2, '0')}`);
      await Promise.all(keys.map((key) => write(store, key)));
      assert.deepEqual(await Promise.all(keys.map((key) => read(store, key))), keys);
      assert.deepEqual(await all(store.listObjects('shared/')), keys);
      await Promise.all(keys.map((key) => store.deleteObject(key)));
      await assertEmpty(store);
    },
  },
  {
    title: 'a deletion removes the object and no other',
    async verify(store) {
      for (const key of ['a/1', 'a/10', 'a-b']) await write(store, key);
      await store.deleteObject('a/1');
      assert.equal(await store.objectExists('a/1'), false);
      assert.deepEqual(await all(store.listObjects('')), ['a-b', 'a/10']);
    },
  },
  {
    title: 'a deletion of an absent key resolves',
    async verify(store) {
      await write(store, 'a/b/c');
      for (const absent of ['never', 'never/there', 'a/b', 'a/b/c/d']) await store.deleteObject(absent);
      await store.deleteObject('a/b/c');
      await store.deleteObject('a/b/c');
      await assertEmpty(store);
    },
  },
  {
    title: 'a write is not lost when its neighbour, the last object beside it, is deleted at the same time',
    async verify(store) {
      for (let round = 0; round < 20; round++) {
        await write(store, 'deep/folder/a');
        await Promise.all([store.deleteObject('deep/folder/a'), persistently(() => write(store, 'deep/folder/b'))]);
        assert.deepEqual(await all(store.listObjects('deep/')), ['deep/folder/b']);
        await store.deleteObject('deep/folder/b');
      }
    },
  },
];
