import assert from 'node:assert/strict';
import { createHash, createVerify, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openGcpBucket } from '../../../src/plugins/object-stores/gcp-client.ts';
import { gcp } from '../../../src/plugins/object-stores/gcp.ts';
import { recordingProxy } from '../../support/recording-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { gcpBucket, keyFile, signer } from './gcp-bucket.ts';

/** Credentials of a pool that has no key to sign with. */
function withoutKey(): string {
  const file = join(temporaryFolder(), 'credentials.json');
  const credentials = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    credential_source: { file: '/token' },
  };
  writeFileSync(file, JSON.stringify(credentials));
  return file;
}

describe('settings of the gcp object store', () => {
  it('kmsKeyName goes along with every write', async () => {
    const config = await gcpBucket();
    const proxy = await recordingProxy(config['storeEndpoint']!);
    const store = await gcp({ ...config, storeEndpoint: proxy.url, kmsKeyName: 'projects/p/keys/k' });
    await store.putObject('small', Buffer.from('x'));
    await store.putObject('streamed', Readable.from(['x']));
    const keys = proxy.requests
      .filter(({ method }) => method === 'POST')
      .map(({ url }) => new URL(url, proxy.url).searchParams.get('kmsKeyName'));
    assert.deepEqual(keys, ['projects/p/keys/k', 'projects/p/keys/k']);
    proxy.close();
  });

  it('requests bear a token of the key in credentialsFile, also where storeEndpoint leads elsewhere', async () => {
    const config = await gcpBucket();
    const proxy = await recordingProxy(config['storeEndpoint']!);
    const store = await gcp({ ...config, storeEndpoint: proxy.url });
    await store.putObject('k', Buffer.from('x'));
    await store.getObject('k');
    await store.statObject('k');
    for (const { headers, url } of proxy.requests) assert.match(headers.authorization ?? '', /^Bearer ey/, url);
    assert.ok(proxy.requests.length >= 3);
    proxy.close();
  });

  it('the checksum of an object is the CRC32C that the store keeps', async () => {
    const store = await gcp(await gcpBucket());
    assert.equal((await store.putObject('k', Buffer.from('123456789'))).checksum, 'crc32c:4waSgw==');
    assert.partialDeepStrictEqual(await store.statObject('k'), { bytes: 9, checksum: 'crc32c:4waSgw==' });
  });

  describe('a signed URL', () => {
    it('bears the name of the account in the credentials, and its signature', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
      const config = { bucket: 'b', credentialsFile: keyFile({ private_key: pem }), serviceAccount: 'other' };
      const url = new URL(await (await gcp(config)).createSignedUrl('a b', 90));
      assert.equal(`${url.origin}${url.pathname}`, 'https://storage.googleapis.com/b/a%20b');
      const signed = Object.fromEntries(url.searchParams);
      assert.equal(signed['X-Goog-Expires'], '90');
      const [email, ...scope] = (signed['X-Goog-Credential'] ?? '').split('/');
      assert.equal(email, signer);
      url.searchParams.delete('X-Goog-Signature');
      const query = url.search.slice(1);
      const request = ['GET', '/b/a%20b', query, 'host:storage.googleapis.com', '', 'host', 'UNSIGNED-PAYLOAD'];
      const digest = createHash('sha256').update(request.join('\n')).digest('hex');
      const text = ['GOOG4-RSA-SHA256', signed['X-Goog-Date'], scope.join('/'), digest].join('\n');
      const signature = Buffer.from(signed['X-Goog-Signature'] ?? '', 'hex');
      assert.ok(createVerify('RSA-SHA256').update(text).verify(publicKey, signature));
    });

    it('is signed by IAM in the name of serviceAccount where the credentials have no key', async () => {
      const opened = await openGcpBucket({ bucket: 'b', credentialsFile: withoutKey(), serviceAccount: signer });
      const asked: unknown[] = [];
      const { authClient } = opened.bucket.storage;
      authClient.request = (async (options: { readonly url: string }) => {
        asked.push(options.url);
        return { data: { signedBlob: Buffer.from('signed').toString('base64') } };
      }) as never;
      const accessibleAt = Date.now();
      const url = new URL(await opened.sign('k', { accessibleAt, expires: accessibleAt + 60_000 }));
      assert.deepEqual(asked, [
        `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${signer}:signBlob`,
      ]);
      assert.equal(url.searchParams.get('X-Goog-Signature'), Buffer.from('signed').toString('hex'));
      assert.ok(url.searchParams.get('X-Goog-Credential')?.startsWith(`${signer}/`));
    });

    it('is Unsupported where nobody can sign', async () => {
      const store = await gcp({ bucket: 'b', credentialsFile: withoutKey() });
      await assert.rejects(store.createSignedUrl('k', 60), {
        code: 'Unsupported',
        message: 'sign gs://b/k: credentialsFile has no key, and no serviceAccount is configured',
      });
    });

    it('leads to the universe that is configured', async () => {
      const config = { bucket: 'b', credentialsFile: keyFile(), universeDomain: 'cloud.example.com' };
      const { origin } = new URL(await (await gcp(config)).createSignedUrl('k', 60));
      assert.equal(origin, 'https://storage.cloud.example.com');
    });
  });

  const refused = [
    { config: { storeEndpoint: 'storage.example.com' }, says: /storeEndpoint: expected http/ },
    { config: { caCert: 'x' }, says: /caCert: not taken by this provider; .* NODE_EXTRA_CA_CERTS$/ },
    { config: { credentialsFile: '/absent' }, says: /credentialsFile: read \/absent: ENOENT$/ },
    {
      config: { bucket: '', region: 'eu', storeEndpoint: 'x' },
      says: /\[region\].*; config lacks \[bucket\]; storeEnd/,
    },
  ];
  for (const { config, says } of refused)
    it(`${Object.keys(config).join(', ')} may be refused, all problems at once`, async () => {
      await assert.rejects(gcp({ bucket: 'b', ...config }), { code: 'InvalidConfig', message: says });
    });
});
