import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { startAzurite, type AzuriteServer } from '../../../tools/stack/azurite.ts';
import { azure } from '../../../src/plugins/object-stores/azure.ts';
import { recordingProxy, type RecordedRequest } from '../../support/recording-server.ts';
import { azuriteServer } from '../../support/servers.ts';
import { loopbackCertificate } from '../../support/tls-front.ts';
import { tokenAuthority, type TokenAuthority } from '../../support/token-authority.ts';
import { azureContainer, credentialsFile, serviceClient } from './azure-container.ts';

/** A configuration whose requests go through a proxy that keeps them. */
async function recorded(settings: Record<string, string>): Promise<{
  readonly config: Record<string, string>;
  readonly requests: readonly RecordedRequest[];
  close(): void;
}> {
  const config = await azureContainer();
  const { origin, pathname } = new URL(config['storageAccountURI']!);
  const proxy = await recordingProxy(origin);
  return {
    config: { ...config, storageAccountURI: `${proxy.url}${pathname}`, ...settings },
    requests: proxy.requests,
    close: proxy.close,
  };
}

describe('settings of the azure object store', () => {
  it('blockSizeInBytes is how much one request holds', async () => {
    const { config, requests, close } = await recorded({ blockSizeInBytes: '100' });
    await (await azure(config)).putObject('k', Buffer.alloc(250, 'x'));
    assert.deepEqual(
      requests.filter(({ url }) => url.includes('comp=block&')).map(({ body }) => body.length),
      [100, 100, 50],
    );
    close();
  });

  it('apiVersion is the version of the service that is asked for, also by signed URLs', async () => {
    const { config, requests, close } = await recorded({ apiVersion: '2021-12-02' });
    const store = await azure(config);
    await store.putObject('k', Buffer.from('x'));
    assert.equal(await text(await store.getObject('k')), 'x');
    assert.deepEqual(new Set(requests.map(({ headers }) => headers['x-ms-version'])), new Set(['2021-12-02']));
    const url = new URL(await store.createSignedUrl('k', 60));
    assert.equal(url.searchParams.get('sv'), '2021-12-02');
    assert.equal(await (await fetch(url)).text(), 'x');
    close();
  });

  it('blocks bear the MD5 of their content, and names that no other write has', async () => {
    const { config, requests, close } = await recorded({});
    const store = await azure(config);
    for (let write = 0; write < 2; write++) await store.putObject('k', Buffer.from('x'));
    const blocks = requests.filter(({ url }) => url.includes('comp=block&'));
    assert.deepEqual(
      blocks.map(({ headers }) => headers['content-md5']),
      Array(2).fill(createHash('md5').update('x').digest('base64')),
    );
    const names = blocks.map(({ url }) => new URL(url, 'http://x').searchParams.get('blockid'));
    assert.equal(new Set(names).size, 2);
    close();
  });

  it('the SHA-256 is in the metadata, and a blob of another writer has none', async () => {
    const config = await azureContainer();
    const store = await azure(config);
    const { sha256 } = await store.putObject('ours', Buffer.from('x'));
    assert.partialDeepStrictEqual(await store.statObject('ours'), { bytes: 1, checksum: `sha256:${sha256}` });
    const container = serviceClient(await azuriteServer()).getContainerClient(config['bucket']!);
    await container.getBlockBlobClient('theirs').upload('abc', 3);
    const { modifiedAt: _, ...theirs } = await store.statObject('theirs');
    assert.deepEqual(theirs, { bytes: 3 });
  });

  it('a signed URL lets read one blob, over TLS alone where the account has it', async () => {
    const store = await azure({ ...(await azureContainer()), storageAccountURI: 'https://acme.example.com' });
    const { origin, searchParams } = new URL(await store.createSignedUrl('k', 60));
    assert.equal(origin, 'https://acme.example.com');
    assert.deepEqual(
      ['sp', 'sr', 'spr'].map((name) => searchParams.get(name)),
      ['r', 'b', 'https'],
    );
    const [start, end] = ['st', 'se'].map((name) => Date.parse(searchParams.get(name) ?? ''));
    assert.equal(end! - start!, 660_000);
  });

  describe('with tokens', () => {
    const tenant = '00000000-0000-0000-0000-000000000001';
    let server: AzuriteServer;
    let authority: TokenAuthority;

    before(async () => {
      server = await startAzurite({ tls: loopbackCertificate() });
      authority = await tokenAuthority(tenant);
    });

    after(async () => {
      authority.close();
      await server.stop();
    });

    /** Of a container that is there, with a secret that is right or not. */
    async function configuration(secret: string): Promise<Record<string, string>> {
      const caCert = loopbackCertificate().certificate;
      const bucket = `container-${randomUUID()}`;
      const withKey = credentialsFile({ KEY: server.accountKey });
      const account = { bucket, storageAccount: server.account, storageAccountURI: server.accountUrl, caCert };
      const owner = serviceClient(server, { ca: caCert });
      await owner.createContainer(bucket);
      const store = await azure({ ...account, storageAccountKeyEnvVar: 'KEY', credentialsFile: withKey });
      await store.putObject('by-key', Buffer.from('x'));
      return {
        ...account,
        useAAD: 'true',
        activeDirectoryAuthorityURI: authority.url,
        credentialsFile: credentialsFile({
          AZURE_TENANT_ID: tenant,
          AZURE_CLIENT_ID: 'client',
          AZURE_CLIENT_SECRET: secret,
        }),
      };
    }

    it('useAAD and the secret of the credentials file let in, by the authority that is configured', async () => {
      const store = await azure(await configuration('right'));
      await store.putObject('k', Buffer.from('by token'), { ifAbsent: true });
      assert.equal(await text(await store.getObject('k')), 'by token');
      assert.equal(await store.objectExists('by-key'), true);
      assert.ok(authority.requests.some(({ url }) => url.startsWith(`/${tenant}/oauth2/v2.0/token`)));
    });

    it('a key that the store delegates signs URLs', async () => {
      const store = await azure(await configuration('right'));
      const { searchParams } = new URL(await store.createSignedUrl('by-key', 60));
      assert.equal(searchParams.get('skoid'), tenant);
      assert.equal(searchParams.get('sp'), 'r');
    });

    it('a wrong secret is AccessDenied, and in no message', async () => {
      const store = await azure(await configuration('not-the-secret'));
      await assert.rejects(store.objectExists('by-key'), (error: Error & { code?: string; detail?: string }) => {
        assert.equal(error.code, 'AccessDenied');
        assert.match(error.message, /^stat azure:\/\/bowline\/container-[^ ]+: /);
        assert.ok(!`${error.message} ${error.detail}`.includes('not-the-secret'));
        return true;
      });
    });

    it('the certificate of the server has to be known', async () => {
      const { caCert: _, ...config } = await configuration('right');
      const withKey = { storageAccountKeyEnvVar: 'KEY', credentialsFile: credentialsFile({ KEY: server.accountKey }) };
      const store = await azure({ ...config, ...withKey });
      await assert.rejects(store.objectExists('k'), {
        code: 'InvalidConfig',
        message: /^stat azure:.*: DEPTH_ZERO_SELF_SIGNED_CERT$/,
      });
    });
  });
});
