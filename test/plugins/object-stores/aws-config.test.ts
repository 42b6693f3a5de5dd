import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readObjectHeaders } from '../../../src/plugins/object-stores/aws-config.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const crc32 = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' };

function keyFile(bytes: number): string {
  const file = join(temporaryFolder(), 'key');
  writeFileSync(file, Buffer.alloc(bytes, 'k'));
  return file;
}

describe('readObjectHeaders', () => {
  const key = keyFile(32);
  const customer = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: Buffer.alloc(32, 'k').toString('base64') };
  const cases = [
    { title: 'writes with CRC32 where nothing else is said', config: {}, put: crc32 },
    { title: 'takes another checksum', config: { checksumAlgorithm: 'SHA1' }, put: { ChecksumAlgorithm: 'SHA1' } },
    { title: 'takes none for an empty text', config: { checksumAlgorithm: '' }, put: {} },
    {
      title: 'encrypts with a key of KMS',
      config: { kmsKeyId: 'k1', serverSideEncryption: 'AES256' },
      put: { ...crc32, ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'k1' },
    },
    {
      title: "encrypts with the store's own keys",
      config: { serverSideEncryption: 'AES256' },
      put: { ...crc32, ServerSideEncryption: 'AES256' },
    },
    {
      title: "encrypts with the customer's key, which reads need too",
      config: { customerKeyEncryptionFile: key, serverSideEncryption: 'AES256' },
      put: { ...crc32, ...customer },
      get: customer,
    },
    { title: 'takes one tag', config: { tagging: 'a=b' }, put: { ...crc32, Tagging: 'a=b' } },
    {
      title: 'takes ten tags of the greatest length',
      config: { tagging: Array.from({ length: 10 }, (_, i) => `${i}${'k'.repeat(127)}=${'v'.repeat(256)}`).join('&') },
    },
    { title: 'takes what has no effect any more', config: { enableSharedConfig: 'true', signatureVersion: '4' } },
  ];
  for (const { title, config, put, get } of cases)
    it(title, async () => {
      const headers = await readObjectHeaders({ bucket: 'b', ...config });
      if (put) assert.deepEqual(headers.put, put);
      assert.deepEqual(headers.get, get ?? {});
    });

  const refused = [
    { config: { s3Url: 'minio:9000' }, says: 's3Url: expected http://… or https://…, got minio:9000' },
    { config: { publicUrl: 'ftp://x' }, says: 'publicUrl: expected http://… or https://…, got ftp://x' },
    { config: { s3ForcePathStyle: 'yes' }, says: 's3ForcePathStyle: expected true or false, got yes' },
    { config: { insecureSkipTLSVerify: '' }, says: 'insecureSkipTLSVerify: expected true or false, got ' },
    { config: { enableSharedConfig: 'on' }, says: 'enableSharedConfig: expected true or false, got on' },
    { config: { signatureVersion: '1' }, says: 'signatureVersion: expected 4, got 1' },
    {
      config: { serverSideEncryption: 'DES' },
      says: 'serverSideEncryption: expected "", AES256, aws:kms, aws:kms:dsse, got DES',
    },
    {
      config: { checksumAlgorithm: 'MD5' },
      says: 'checksumAlgorithm: expected CRC32, CRC32C, CRC64NVME, SHA1, SHA256, "", got MD5',
    },
    {
      config: { kmsKeyId: 'k', customerKeyEncryptionFile: key },
      says: 'expected one of kmsKeyId, customerKeyEncryptionFile',
    },
    {
      config: { customerKeyEncryptionSecret: 'secret/key' },
      says: 'customerKeyEncryptionSecret: not read here; mount the Secret and name its file in customerKeyEncryptionFile',
    },
    { config: { customerKeyEncryptionFile: '/absent' }, says: 'customerKeyEncryptionFile: read /absent: ENOENT' },
    ...[31, 33].map((bytes) => {
      const file = keyFile(bytes);
      return {
        config: { customerKeyEncryptionFile: file },
        says: `customerKeyEncryptionFile: expected 32 bytes, ${file} has ${bytes}`,
      };
    }),
    ...['a', 'a=b=c', '=b', `${'k'.repeat(129)}=v`, `k=${'v'.repeat(257)}`, 'a=b&', 'a=b&'.repeat(10) + 'c=d'].map(
      (tagging) => ({
        config: { tagging },
        says: 'tagging: expected k=v&k2=v2, at most 10 of at most 128 and 256 characters',
      }),
    ),
  ];
  for (const { config, says } of refused)
    it(`refuses ${JSON.stringify(config).slice(0, 80)}`, async () => {
      await assert.rejects(readObjectHeaders({ bucket: 'b', ...config }), {
        code: 'InvalidConfig',
        message: `aws object store: ${says}`,
      });
    });

  it('tells all problems at once', async () => {
    const config = { zone: 'a', acl: 'private', s3Url: 'x', signatureVersion: '2', tagging: 'a' };
    await assert.rejects(readObjectHeaders(config), {
      code: 'InvalidConfig',
      message:
        /invalid keys \[acl zone\].*; config lacks \[bucket\]; s3Url: .*; signatureVersion: .*; tagging: expected/,
    });
  });
});
