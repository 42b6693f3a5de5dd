import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { verifyArtifact } from '../../src/activities/verify-artifact.ts';
import type { ObjectStore } from '../../src/plugins/object-store.ts';
import { aws } from '../../src/plugins/object-stores/aws.ts';
import { azure } from '../../src/plugins/object-stores/azure.ts';
import { filesystem } from '../../src/plugins/object-stores/filesystem.ts';
import { gcp } from '../../src/plugins/object-stores/gcp.ts';
import { withMethods } from '../plugins/conformance/broken.ts';
import { azureContainer } from '../plugins/object-stores/azure-container.ts';
import { gcpBucket } from '../plugins/object-stores/gcp-bucket.ts';
import { motoBucket, s3Bucket } from '../plugins/object-stores/s3-bucket.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { MemoryStore } from '../support/memory-store.ts';

/** Each store, and whether it is known by its checksum alone that a content is the right one. */
const stores: readonly { title: string; open: () => Promise<ObjectStore>; reads: boolean }[] = [
  { title: 'memory', open: async () => new MemoryStore(), reads: true },
  { title: 'filesystem', open: () => filesystem({ path: temporaryFolder(), bucket: 'b' }), reads: true },
  { title: 'aws on versitygw', open: async () => aws(await s3Bucket()), reads: false },
  {
    title: 'aws on versitygw, without checksums',
    open: async () => aws({ ...(await s3Bucket()), checksumAlgorithm: '' }),
    reads: true,
  },
  {
    title: 'aws on versitygw, with SHA-1',
    open: async () => aws({ ...(await s3Bucket()), checksumAlgorithm: 'SHA1' }),
    reads: true,
  },
  { title: 'aws on moto', open: async () => aws(await motoBucket()), reads: false },
  { title: 'azure', open: async () => azure(await azureContainer()), reads: false },
  { title: 'gcp', open: async () => gcp(await gcpBucket()), reads: false },
];

/** The store, with a count of its reads. */
function counted(store: ObjectStore): { readonly store: ObjectStore; readonly reads: () => number } {
  let reads = 0;
  const getObject: ObjectStore['getObject'] = (key, options) => {
    reads++;
    return store.getObject(key, options);
  };
  return { store: withMethods(store, { getObject }), reads: () => reads };
}

describe('verifyArtifact', () => {
  for (const { title, open, reads: expected } of stores) {
    describe(`on ${title}`, () => {
      it(`takes what is there as it was written, ${expected ? 'by reading it' : 'without reading it'}`, async () => {
        const { store, reads } = counted(await open());
        for (const [key, content] of [
          ['small', Buffer.from('content')],
          ['parts', Buffer.alloc(9 * 1_048_576, 'x')],
        ] as const)
          await verifyArtifact(store, { key, ...(await store.putObject(key, content)) });
        assert.equal(reads(), expected ? 2 : 0);
      });

      it('finds another content of the same size, another size, and that there is none', async () => {
        const store = await open();
        const artifact = { key: 'k', ...(await store.putObject('k', Buffer.from('content'))) };
        await store.putObject('k', Buffer.from('CONTENT'));
        await assert.rejects(verifyArtifact(store, artifact), {
          code: 'CorruptBackup',
          message: new RegExp(`^check ${store.url}/k: its SHA-256 is [0-9a-f]{64}, ${artifact.sha256} was written$`),
        });
        await store.putObject('k', Buffer.from('cont'));
        await assert.rejects(verifyArtifact(store, artifact), {
          code: 'CorruptBackup',
          message: `check ${store.url}/k: it holds 4 bytes, 7 were written`,
        });
        await store.deleteObject('k');
        await assert.rejects(verifyArtifact(store, artifact), { code: 'NotFound' });
      });
    });
  }

  it('lets the content decide where the store keeps a checksum of its own making', async () => {
    const store = new MemoryStore();
    const written = await store.putObject('k', Buffer.from('content'));
    const odd = withMethods<ObjectStore>(store, {
      statObject: async () => ({ bytes: 7, modifiedAt: '2026-01-02T03:04:05Z', checksum: 'crc32:of-parts' }),
    });
    await verifyArtifact(odd, { key: 'k', ...written, checksum: 'crc32:of-the-whole' });
    assert.equal(await text(await store.getObject('k')), 'content');
  });
});
