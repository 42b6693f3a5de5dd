import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAzureClients } from '../../../src/plugins/volume-snapshotters/azure-client.ts';
import { temporaryFolder } from '../temporary-folder.ts';

function credentials(lines: Record<string, string> = {}): string {
  const file = join(temporaryFolder(), 'credentials');
  const all = { AZURE_SUBSCRIPTION_ID: 's', AZURE_RESOURCE_GROUP: 'g', ...lines };
  writeFileSync(
    file,
    Object.entries(all)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  return file;
}

async function problems(config: Record<string, string>): Promise<string> {
  return openAzureClients(config).then(
    () => assert.fail('it was accepted'),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'InvalidConfig');
      return error.message;
    },
  );
}

describe('openAzureClients', () => {
  it('takes subscription and resource group from the credentials file, those of snapshots from the configuration', async () => {
    const credentialsFile = credentials();
    const plain = await openAzureClients({ credentialsFile });
    assert.deepEqual(plain.disks, { subscriptionId: 's', resourceGroup: 'g' });
    assert.deepEqual(plain.snapshots, plain.disks);
    assert.deepEqual([plain.incremental, plain.tags, plain.timeoutMs], [undefined, {}, 120_000]);
    const config = { credentialsFile, resourceGroup: 'kept', apiTimeout: '30s', incremental: 'false', tags: 'a=1,b=' };
    const other = await openAzureClients(config);
    assert.deepEqual(other.snapshots, { subscriptionId: 's', resourceGroup: 'kept' });
    assert.deepEqual([other.incremental, other.tags, other.timeoutMs], [false, { a: '1', b: '' }, 30_000]);
  });

  it('has one client per subscription', async () => {
    const { compute } = await openAzureClients({ credentialsFile: credentials() });
    assert.equal(compute('s'), compute('s'));
    assert.notEqual(compute('s'), compute('t'));
  });

  it('names all unknown and missing keys, and all that makes no sense, at once', async () => {
    const message = await problems({
      region: 'west',
      storageAccount: 'a',
      apiTimeout: 'soon',
      incremental: 'maybe',
      tags: 'a,velero.io-pv=x',
      resourceManagerUrl: 'http://127.0.0.1',
      activeDirectoryAuthorityURI: 'login',
    });
    for (const part of [
      /invalid keys \[region storageAccount\]/,
      /lacks \[credentialsFile\]/,
      /apiTimeout: expected a duration such as 2m0s, got soon/,
      /incremental: expected true or false, got maybe/,
      /tags: expected k=v,k2=v2, got a;/,
      /tags: velero\.io-pv=x would stand for something else/,
      /resourceManagerUrl: expected https/,
      /activeDirectoryAuthorityURI: expected https/,
    ])
      assert.match(message, part);
  });

  it('says what is wrong with a credentials file, and nothing that is in it', async () => {
    assert.match(
      await problems({ credentialsFile: '/nowhere/cloud' }),
      /credentialsFile: read \/nowhere\/cloud: ENOENT/,
    );
    for (const [lines, said] of [
      [{ AZURE_RESOURCE_GROUP: '' }, /credentialsFile: .* lacks AZURE_RESOURCE_GROUP$/],
      [{ AZURE_CLOUD_NAME: 'AzureMoon' }, /AZURE_CLOUD_NAME in .*: expected AzureCloud, .* got AzureMoon$/],
    ] as const) {
      const message = await problems({ credentialsFile: credentials({ ...lines, AZURE_CLIENT_SECRET: 'x1' }) });
      assert.match(message, said);
      assert.doesNotMatch(message, /x1/);
    }
  });

  it('opens with each way of saying who asks', async () => {
    const principal = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c' };
    for (const lines of [
      { ...principal, AZURE_CLIENT_SECRET: 'x' },
      { ...principal, AZURE_CLIENT_CERTIFICATE_PATH: '/nowhere/certificate' },
      { ...principal, AZURE_CLIENT_CERTIFICATE: 'certificate' },
      principal,
      {},
    ])
      await openAzureClients({ credentialsFile: credentials(lines) });
  });
});
