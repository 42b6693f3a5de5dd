import assert from 'node:assert/strict';
import { openAwsClients, pemOf } from '../../../src/plugins/object-stores/aws-client.ts';

async function endpointOf(config: Record<string, string>): Promise<string | undefined> {
  const { client } = await openAwsClients({ bucket: 'b', ...config });
  const endpoint = await client.config.endpoint?.();
  return endpoint && `${endpoint.protocol}//${endpoint.hostname}:${endpoint.port}`;
}

describe('openAwsClients', () => {
  it('names all unknown and missing keys at once', async () => {
    await assert.rejects(
      openAwsClients({ bucket: '', zone: 'a', acl: 'private' }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'InvalidConfig');
        assert.match(error.message, /invalid keys \[acl zone\].*lacks \[bucket\]/);
        return true;
      },
    );
  });

  it('names all values that make no sense at once', async () => {
    const config = {
      bucket: 'b',
      s3Url: 'minio:9000',
      publicUrl: 'ftp://files',
      s3ForcePathStyle: 'yes',
      insecureSkipTLSVerify: '',
      checksumAlgorithm: 'MD5',
    };
    await assert.rejects(openAwsClients(config), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'InvalidConfig');
      for (const key of Object.keys(config).filter((name) => name !== 'bucket'))
        assert.match(error.message, new RegExp(`${key}: expected`));
      return true;
    });
  });

  it('takes the texts for true and false that Go takes', async () => {
    for (const [value, texts] of [
      [true, ['1', 't', 'T', 'TRUE', 'true', 'True']],
      [false, ['0', 'f', 'F', 'FALSE', 'false', 'False']],
    ] as const)
      for (const text of texts) {
        const { client } = await openAwsClients({ bucket: 'b', s3ForcePathStyle: text });
        assert.equal(client.config.forcePathStyle, value, text);
      }
  });

  it('goes to s3Url, in a region of no meaning unless one is configured', async () => {
    assert.equal(await endpointOf({ s3Url: 'http://127.0.0.1:9000' }), 'http://127.0.0.1:9000');
    const { client } = await openAwsClients({ bucket: 'b', s3Url: 'http://127.0.0.1:9000' });
    assert.equal(await client.config.region(), 'us-east-1');
    const other = await openAwsClients({ bucket: 'b', region: 'eu-west-1', s3Url: 'http://127.0.0.1:9000' });
    assert.equal(await other.client.config.region(), 'eu-west-1');
  });

  it('uses CRC32 unless the configuration says otherwise, and none for an empty text', async () => {
    assert.deepEqual((await openAwsClients({ bucket: 'b' })).checksum, { ChecksumAlgorithm: 'CRC32' });
    assert.deepEqual((await openAwsClients({ bucket: 'b', checksumAlgorithm: 'SHA256' })).checksum, {
      ChecksumAlgorithm: 'SHA256',
    });
    assert.deepEqual((await openAwsClients({ bucket: 'b', checksumAlgorithm: '' })).checksum, {});
  });
});

describe('pemOf', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

  it('takes a certificate as it is, and as Base64', () => {
    assert.equal(pemOf(pem), pem);
    assert.equal(pemOf(Buffer.from(pem).toString('base64')), pem);
  });
});
