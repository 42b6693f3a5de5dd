import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { GetObjectTaggingCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../../src/plugins/object-store.ts';
import { openAwsClients } from '../../../src/plugins/object-stores/aws-client.ts';
import { aws } from '../../../src/plugins/object-stores/aws.ts';
import { recordingProxy, type RecordedRequest } from '../../support/recording-server.ts';
import { loopbackCertificate, tlsFront } from '../../support/tls-front.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { motoBucket, s3Bucket } from './s3-bucket.ts';

const moreThanAPart = Buffer.alloc(9 * 1_048_576, 'x');

/** Writes an object in one request, and one in several. */
async function putBoth(store: ObjectStore): Promise<void> {
  await store.putObject('small', Buffer.from('x'));
  await store.putObject('parts', moreThanAPart);
}

/** Does `use` with a store behind a proxy, and gives what was sent. */
async function requestsOf(
  config: Record<string, string>,
  use: (store: ObjectStore) => Promise<unknown>,
): Promise<readonly RecordedRequest[]> {
  const proxy = await recordingProxy(config['s3Url']!);
  try {
    // Signatures cover the host: only a server that takes any will do.
    await use(await aws({ ...config, s3Url: proxy.url }));
    return proxy.requests;
  } finally {
    proxy.close();
  }
}

describe('settings of the aws object store', () => {
  for (const [server, open] of [
    ['versitygw', s3Bucket],
    ['moto', motoBucket],
  ] as const) {
    for (const checksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256', ''])
      it(`checksumAlgorithm "${checksumAlgorithm}" is taken by ${server}`, async () => {
        const store = await aws({ ...(await open()), checksumAlgorithm });
        await putBoth(store);
        assert.equal((await store.statObject('parts')).bytes, moreThanAPart.length);
        const { checksum } = await store.statObject('small');
        assert.equal(checksum, checksumAlgorithm === 'CRC32' ? 'crc32:jNwWgw==' : undefined);
      });

    it(`tagging is on every object, on ${server}`, async () => {
      const config = await open();
      await putBoth(await aws({ ...config, tagging: 'team=storage&purpose=a+b' }));
      const { client } = await openAwsClients(config);
      for (const Key of ['small', 'parts']) {
        const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket: config['bucket'], Key }));
        assert.deepEqual(
          new Map(TagSet?.map((tag) => [tag.Key, tag.Value])),
          new Map([
            ['team', 'storage'],
            ['purpose', 'a b'],
          ]),
        );
      }
    });
  }

  it('the checksum of an object in parts is the one of its whole content', async () => {
    const store = await aws(await s3Bucket());
    const { checksum } = await store.putObject('parts', moreThanAPart);
    assert.match(checksum ?? '', /^crc32:.{6}==$/);
    assert.equal((await store.statObject('parts')).checksum, checksum);
  });

  const encryptions = [
    { config: { kmsKeyId: 'arn:aws:kms:us-east-1:1:key/k' }, is: ['aws:kms', 'arn:aws:kms:us-east-1:1:key/k'] },
    { config: { serverSideEncryption: 'AES256' }, is: ['AES256', undefined] },
  ];
  for (const { config: encryption, is } of encryptions)
    it(`${Object.keys(encryption)[0]} encrypts every object`, async () => {
      const config = await motoBucket();
      await putBoth(await aws({ ...config, ...encryption }));
      const { client } = await openAwsClients(config);
      for (const Key of ['small', 'parts']) {
        const found = await client.send(new HeadObjectCommand({ Bucket: config['bucket'], Key }));
        assert.deepEqual([found.ServerSideEncryption, found.SSEKMSKeyId], is, Key);
      }
    });

  it('customerKeyEncryptionFile goes along with writes and reads, and rules out signed URLs', async () => {
    const file = join(temporaryFolder(), 'key');
    writeFileSync(file, 'k'.repeat(32));
    const config = { ...(await motoBucket()), customerKeyEncryptionFile: file };
    const requests = await requestsOf(config, async (store) => {
      await putBoth(store);
      assert.equal((await store.statObject('parts')).bytes, moreThanAPart.length);
      assert.equal(await text(await store.getObject('small')), 'x');
      await assert.rejects(store.createSignedUrl('small', 60), { code: 'Unsupported' });
    });
    const ofObjects = requests.filter(({ url }) => !url.includes('uploadId=') || url.includes('partNumber='));
    assert.ok(ofObjects.length >= 6);
    for (const { headers } of ofObjects) {
      assert.equal(headers['x-amz-server-side-encryption-customer-algorithm'], 'AES256');
      const key = headers['x-amz-server-side-encryption-customer-key'];
      assert.equal(Buffer.from(String(key), 'base64').toString(), 'k'.repeat(32));
      assert.ok(headers['x-amz-server-side-encryption-customer-key-md5']);
    }
  });

  it('s3ForcePathStyle decides where the bucket is named', async () => {
    const config = { ...(await s3Bucket()), bucket: 'my-bucket', s3Url: 'https://s3.example.com' };
    for (const [s3ForcePathStyle, start] of [
      ['true', 'https://s3.example.com/my-bucket/k?'],
      ['false', 'https://my-bucket.s3.example.com/k?'],
    ] as const) {
      const url = await (await aws({ ...config, s3ForcePathStyle })).createSignedUrl('k', 60);
      assert.ok(url.startsWith(start), url.split('?')[0]);
    }
  });

  it('publicUrl is where signed URLs lead, and only they', async () => {
    const store = await aws({ ...(await s3Bucket()), publicUrl: 'https://files.example.com' });
    await store.putObject('a/b', Buffer.from('x'));
    const url = new URL(await store.createSignedUrl('a/b', 90));
    assert.equal(url.origin, 'https://files.example.com');
    assert.match(url.pathname, /^\/bucket-[^/]+\/a\/b$/);
    assert.equal(url.searchParams.get('X-Amz-Expires'), '90');
  });

  it('a signed URL names the region, and the fourth version of signatures', async () => {
    const store = await aws({ ...(await s3Bucket()), region: 'eu-west-1', signatureVersion: '4' });
    const { searchParams } = new URL(await store.createSignedUrl('k', 60));
    assert.match(searchParams.get('X-Amz-Credential') ?? '', /\/eu-west-1\/s3\/aws4_request$/);
    assert.equal(searchParams.get('X-Amz-Algorithm'), 'AWS4-HMAC-SHA256');
  });

  describe('on a server whose certificate nobody knows', () => {
    const caCert = (): string => loopbackCertificate().certificate;
    for (const [title, settings] of [
      ['caCert lets it be trusted', () => ({ caCert: caCert() })],
      ['caCert may be in Base64', () => ({ caCert: Buffer.from(caCert()).toString('base64') })],
      ['insecureSkipTLSVerify takes any', () => ({ insecureSkipTLSVerify: 'true' })],
      ['nothing is sent without either', () => undefined],
    ] as const)
      it(title, async () => {
        const config = await s3Bucket();
        const front = await tlsFront(config['s3Url']!);
        const store = await aws({ ...config, s3Url: front.url, ...settings() });
        const put = store.putObject('k', Buffer.from('x'));
        if (settings()) assert.equal((await put).bytes, 1);
        else
          await assert.rejects(put, { code: 'InvalidConfig', message: /^put s3:\/\/.*: DEPTH_ZERO_SELF_SIGNED_CERT$/ });
        front.close();
      });
  });
});
