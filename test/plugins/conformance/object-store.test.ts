import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { BowlineError } from '../../../src/api/errors.ts';
import { objectStoreChecks } from '../../../src/plugins/conformance/object-store.ts';
import type { ObjectStore } from '../../../src/plugins/object-store.ts';
import { filesystem } from '../../../src/plugins/object-stores/filesystem.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { failuresOf, itHasDistinctTitles, withMethods } from './broken.ts';

/** What a store gets wrong, and one check at least that has to see it. */
const broken: Readonly<Record<string, { replace: (store: ObjectStore) => Partial<ObjectStore>; fails: string }>> = {
  'takes a refused request for an absent object': {
    replace: (store) => ({ objectExists: (key) => store.objectExists(key).catch(() => false) }),
    fails:
      'keys that are empty, absolute, too long, or have empty, `.` or `..` segments or control characters, reject with InvalidConfig',
  },
  'looks before it writes, for ifAbsent': {
    replace: (store) => ({
      async putObject(key, body, { ifAbsent, ...options } = {}) {
        if (ifAbsent && (await store.objectExists(key))) return store.putObject(key, body, { ifAbsent });
        return store.putObject(key, body, options);
      },
    }),
    fails: 'of concurrent ifAbsent writers exactly one wins',
  },
  'keeps what a failing body gave': {
    replace: (store) => ({
      async putObject(key, body, options) {
        if (body instanceof Uint8Array) return store.putObject(key, body, options);
        const chunks: Buffer[] = [];
        try {
          for await (const chunk of body) chunks.push(Buffer.from(chunk as Buffer));
        } catch (error) {
          await store.putObject(key, Buffer.concat(chunks));
          throw error;
        }
        return store.putObject(key, Buffer.concat(chunks), options);
      },
    }),
    fails: 'a body that fails leaves nothing, and its own code is the code',
  },
  'does not hear the signal': {
    replace: (store) => ({ deleteObject: (key) => store.deleteObject(key) }),
    fails: 'a signal that fired before rejects everything with Interrupted',
  },
  'counts ranges from one': {
    replace: (store) => ({
      getObject: (key, { range, ...options } = {}) =>
        store.getObject(key, { ...options, ...(range && { range: { start: range.start + 1, end: range.end + 1 } }) }),
    }),
    fails: 'a range has both ends, and stops at the end of the object',
  },
  'gives an empty stream for a range past the end': {
    replace: (store) => ({
      getObject: async (key, options = {}) =>
        store.getObject(key, options).catch((error: unknown) => {
          if (options.range) return Readable.from([]);
          throw error;
        }),
    }),
    fails: 'a range that starts past the end of the object rejects with NotFound',
  },
  'stops after the first page of a list': {
    replace: (store) => ({
      async *listObjects(prefix, options) {
        let left = 1_000;
        for await (const key of store.listObjects(prefix, options)) if (left-- > 0) yield key;
      },
    }),
    fails: 'a list may be longer than a page, and so may the list of common prefixes',
  },
  'sorts keys as JavaScript does': {
    replace: (store) => ({
      async *listObjects(prefix, options) {
        const keys: string[] = [];
        for await (const key of store.listObjects(prefix, options)) keys.push(key);
        yield* keys.sort();
      },
    }),
    fails: 'a list is in the order of the keys as UTF-8 bytes',
  },
  'takes a prefix for a directory': {
    replace: (store) => ({ listObjects: (prefix, options) => store.listObjects(prefix && `${prefix}/`, options) }),
    fails: 'a list yields the keys below a prefix, which may end within a segment',
  },
  'rejects a deletion of what is absent': {
    replace: (store) => ({
      async deleteObject(key, options) {
        await store.statObject(key, options);
        await store.deleteObject(key, options);
      },
    }),
    fails: 'a deletion of an absent key resolves',
  },
  'decodes its keys once too often': {
    replace: (store) => ({
      putObject: (key, body, options) => store.putObject(key.replaceAll('+', ' '), body, options),
    }),
    fails: 'keys may hold spaces, signs that URLs and XML reserve, and any script',
  },
  'signs what nobody can read': {
    replace: () => ({ createSignedUrl: async () => 'data:text/plain,other' }),
    fails: 'a signed URL gives the object to whoever has it, or signing rejects with Unsupported',
  },
  'signs what only gives the whole': {
    replace: (store) => ({
      async createSignedUrl(key) {
        const content = await buffer(await store.getObject(key));
        return `data:text/plain,${content.toString()}`;
      },
    }),
    fails: 'a signed URL gives the object to whoever has it, or signing rejects with Unsupported',
  },
  'signs for as long as anybody wants': {
    replace: () => ({ createSignedUrl: async () => 'data:text/plain,' }),
    fails: 'a signed URL lasts from a second to a week; for longer, signing rejects with Unsupported',
  },
  'keeps a checksum of something else': {
    replace: (store) => ({
      async putObject(key, body, options) {
        return { ...(await store.putObject(key, body, options)), checksum: 'crc32:AAAAAA==' };
      },
      async statObject(key, options) {
        return { ...(await store.statObject(key, options)), checksum: 'crc32:BBBBBB==' };
      },
    }),
    fails: 'the checksum that a store keeps is the one that the write foretold, and another for other content',
  },
  'keeps the same checksum for everything': {
    replace: (store) => ({
      async statObject(key, options) {
        return { ...(await store.statObject(key, options)), checksum: 'crc32:AAAAAA==' };
      },
    }),
    fails: 'the checksum that a store keeps is the one that the write foretold, and another for other content',
  },
  'does not say of what it speaks': {
    replace: (store) => ({
      putObject: (key, body, options) =>
        store.putObject(key, body, options).catch((error: { code: 'AlreadyExists' }) => {
          throw new BowlineError(error.code, 'put: refused');
        }),
    }),
    fails: 'what is refused is told with the store and the key',
  },
  'hears the signal only before a list': {
    replace: (store) => ({
      listObjects: (prefix, { signal } = {}) => store.listObjects(prefix, signal?.aborted ? { signal } : {}),
    }),
    fails: 'a list may be longer than a page, and so may the list of common prefixes',
  },
  'cuts long keys': {
    replace: (store) => ({
      putObject: (key, body, options) => store.putObject(key.slice(0, 255), body, options),
    }),
    fails: 'a key may have a thousand bytes',
  },
  'mixes the parts of a long stream': {
    replace: (store) => ({
      async putObject(key, body, options) {
        const bytes = body instanceof Uint8Array ? Buffer.from(body) : await buffer(body);
        const [head, tail] = [bytes.subarray(0, 8_388_608), bytes.subarray(8_388_608)];
        return store.putObject(key, Buffer.concat([tail, head]), options);
      },
    }),
    fails: 'a stream of 12 MB arrives as it is',
  },
};

describe('object store checks', () => {
  itHasDistinctTitles(objectStoreChecks);

  for (const [title, { replace, fails }] of Object.entries(broken))
    it(`find a store that ${title}`, async () => {
      const open = async (): Promise<ObjectStore> => {
        const store = await filesystem({ path: temporaryFolder(), bucket: 'b' });
        return withMethods(store, replace(store));
      };
      const check = objectStoreChecks.filter((one) => one.title === fails);
      assert.deepEqual(await failuresOf(check, open), [fails]);
    });
});
