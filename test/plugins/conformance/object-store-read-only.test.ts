import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { readOnlyObjectStoreChecks } from '../../../src/plugins/conformance/object-store-read-only.ts';
import type { ObjectStore } from '../../../src/plugins/object-store.ts';
import { aws } from '../../../src/plugins/object-stores/aws.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { s3Bucket } from '../object-stores/s3-bucket.ts';
import { failuresOf, itHasDistinctTitles, withMethods } from './broken.ts';

/** Some backups, an object at the top, and one that is empty. */
async function filled(store: ObjectStore): Promise<ObjectStore> {
  for (const key of ['backups/a/a.tar.gz', 'backups/b/b.tar.gz', 'restores/a/a.gz', 'top'])
    await store.putObject(key, Buffer.from(key));
  await store.putObject('restores/b/empty', new Uint8Array());
  return store;
}

/** What a store gets wrong, and the check that has to see it. */
const broken: Readonly<Record<string, { replace: (store: ObjectStore) => Partial<ObjectStore>; fails: string }>> = {
  'lists a key twice': {
    replace: (store) => ({
      async *listObjects(prefix, options) {
        for await (const key of store.listObjects(prefix, options)) yield* [key, key];
      },
    }),
    fails: 'a list is in the order of the keys as UTF-8 bytes, each once',
  },
  'forgets a common prefix': {
    replace: (store) => ({
      async *listCommonPrefixes(prefix, delimiter, options) {
        for await (const found of store.listCommonPrefixes(prefix, delimiter, options))
          if (found !== 'restores/') yield found;
      },
    }),
    fails: 'common prefixes are those of the keys in a list',
  },
  'cuts what it gives': {
    replace: () => ({ getObject: async () => Readable.from([Buffer.from('x')]) }),
    fails: 'what a list shows can be read, and is as long as stat tells',
  },
  'finds what is absent': {
    replace: () => ({ objectExists: async () => true }),
    fails: 'what is absent reads as NotFound',
  },
  'takes any key': {
    replace: () => ({ statObject: async () => ({ bytes: 1, modifiedAt: '' }) }),
    fails: 'keys that the contract rules out are not read: InvalidConfig',
  },
  'hears no signal': {
    replace: (store) => ({ listCommonPrefixes: (prefix, delimiter) => store.listCommonPrefixes(prefix, delimiter) }),
    fails: 'a signal that fired before rejects every read with Interrupted',
  },
};

describe('object store, only read: memory', () => {
  itConforms(readOnlyObjectStoreChecks, async () => filled(new MemoryStore()));
});

describe('object store, only read: memory, empty', () => {
  itConforms(readOnlyObjectStoreChecks, async () => new MemoryStore());
});

describe('object store, only read: aws on versitygw', () => {
  itConforms(readOnlyObjectStoreChecks, async () => filled(await aws(await s3Bucket())));
});

describe('readOnlyObjectStoreChecks', () => {
  itHasDistinctTitles(readOnlyObjectStoreChecks);

  it('write nothing and delete nothing', async () => {
    const store = await filled(new MemoryStore());
    const readOnly = withMethods(store, { putObject: assert.fail, deleteObject: assert.fail });
    assert.deepEqual(await failuresOf(readOnlyObjectStoreChecks, async () => readOnly), []);
  });

  for (const [mistake, { replace, fails }] of Object.entries(broken))
    it(`find a store that ${mistake}`, async () => {
      const open = async (): Promise<ObjectStore> => {
        const store = await filled(new MemoryStore());
        return withMethods<ObjectStore>(store, replace(store));
      };
      assert.ok((await failuresOf(readOnlyObjectStoreChecks, open)).includes(fails));
    });
});
