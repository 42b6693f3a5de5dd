import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { ObjectStore } from '../object-store.ts';
import { failing, interrupt, severalParts, stalling, untilRead } from './bodies.ts';
import type { Check } from './check.ts';
import { assertEmpty, blocks } from './contents.ts';

/** What `ObjectStore` promises of uploads that are not complete. */
export const uploadChecks: readonly Check<ObjectStore>[] = [
  {
    title: 'a write that has ended leaves no upload, however it ended',
    async verify(store) {
      await store.putObject('whole', Readable.from(blocks(severalParts)));
      await interrupt(store, 'interrupted', severalParts);
      await assert.rejects(store.putObject('failed', failing(new Error('boom'))), { code: 'Unavailable' });
      for await (const { key = 'one' } of store.listUploads('')) assert.fail(`${key} is listed`);
    },
  },
  {
    title: 'an upload that is listed can be ended, more than once, and is gone with what it was to become',
    async verify(store) {
      const stop = new AbortController();
      const body = stalling(severalParts);
      const refused = assert.rejects(store.putObject('a/k', body, { signal: stop.signal }));
      await untilRead(body, refused);
      for await (const upload of store.listUploads('b/')) assert.equal(upload.key, undefined);
      for await (const upload of store.listUploads('a/')) {
        assert.ok(upload.key === undefined || upload.key === 'a/k', upload.key);
        assert.ok(!Number.isNaN(Date.parse(upload.startedAt)), upload.startedAt);
        await store.endUpload(upload);
        await store.endUpload(upload);
      }
      stop.abort();
      await refused;
      for await (const { key = 'one' } of store.listUploads('')) assert.fail(`${key} is listed`);
      await assertEmpty(store);
    },
  },
];
