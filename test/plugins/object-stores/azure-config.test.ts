import assert from 'node:assert/strict';
import { readAzureConfig } from '../../../src/plugins/object-stores/azure-config.ts';
import { credentialsFile } from './azure-container.ts';

const account = { bucket: 'b', storageAccount: 'acme' };

describe('readAzureConfig', () => {
  it('takes the key that the credentials file holds under a name, before anything else', async () => {
    const file = credentialsFile({ A: 'key', AZURE_TENANT_ID: 't' });
    const config = { ...account, credentialsFile: file, storageAccountKeyEnvVar: 'A', useAAD: 'true' };
    const { access, credentials } = await readAzureConfig(config);
    assert.deepEqual(access, { kind: 'key', accountKey: 'key' });
    assert.equal(credentials.values['AZURE_TENANT_ID'], 't');
  });

  it('takes tokens where it is told to', async () => {
    assert.deepEqual((await readAzureConfig({ ...account, useAAD: 'true' })).access, { kind: 'token' });
  });

  it('else looks the key up, in the subscription and group of the configuration or the credentials file', async () => {
    const file = credentialsFile({ AZURE_SUBSCRIPTION_ID: 'file-s', AZURE_RESOURCE_GROUP: 'file-g' });
    for (const [config, subscription, resourceGroup] of [
      [{ subscriptionId: 's', resourceGroup: 'g' }, 's', 'g'],
      [{ credentialsFile: file }, 'file-s', 'file-g'],
      [{ credentialsFile: file, resourceGroup: 'g' }, 'file-s', 'g'],
    ] as const)
      assert.deepEqual((await readAzureConfig({ ...account, ...config })).access, {
        kind: 'lookup',
        subscription,
        resourceGroup,
      });
  });

  for (const [cloud, url] of [
    ['AzurePublicCloud', 'https://acme.blob.core.windows.net'],
    ['AzureChinaCloud', 'https://acme.blob.core.chinacloudapi.cn'],
    ['AzureUSGovernment', 'https://acme.blob.core.usgovcloudapi.net'],
  ] as const)
    it(`finds the account in ${cloud}`, async () => {
      const file = credentialsFile({ AZURE_CLOUD_NAME: cloud });
      const { accountUrl } = await readAzureConfig({ ...account, useAAD: 'true', credentialsFile: file });
      assert.equal(accountUrl, url);
    });

  it('finds it elsewhere if it is told where', async () => {
    const config = { ...account, useAAD: 'true', storageAccountURI: 'https://blob.example.com/acme/' };
    assert.equal((await readAzureConfig(config)).accountUrl, 'https://blob.example.com/acme');
  });

  it('cuts blocks of 4 MiB unless it is told otherwise', async () => {
    const config = { ...account, useAAD: 'true' };
    assert.equal((await readAzureConfig(config)).blockBytes, 4_194_304);
    assert.equal((await readAzureConfig({ ...config, blockSizeInBytes: '1048576' })).blockBytes, 1_048_576);
  });

  const refused = [
    { config: { storageAccountURI: 'acme' }, says: 'storageAccountURI: expected http://… or https://…, got acme' },
    {
      config: { activeDirectoryAuthorityURI: 'x' },
      says: 'activeDirectoryAuthorityURI: expected http://… or https://…, got x',
    },
    { config: { useAAD: 'yes' }, says: 'useAAD: expected true or false, got yes' },
    ...['0', '-1', '1.5', 'large', '', '104857601'].map((blockSizeInBytes) => ({
      config: { blockSizeInBytes },
      says: `blockSizeInBytes: expected 1 to 104857600, got ${blockSizeInBytes}`,
    })),
    { config: { apiVersion: 'latest' }, says: 'apiVersion: expected a date such as 2021-12-02, got latest' },
    { config: { credentialsFile: '/absent' }, says: 'credentialsFile: read /absent: ENOENT' },
    { config: { storageAccountKeyEnvVar: 'A' }, says: 'storageAccountKeyEnvVar: credentialsFile has no entry A' },
  ];
  for (const { config, says } of refused)
    it(`refuses ${JSON.stringify(config)}`, async () => {
      await assert.rejects(readAzureConfig({ ...account, useAAD: 'true', ...config }), {
        code: 'InvalidConfig',
        message: `azure object store: ${says}`,
      });
    });

  it('refuses a cloud that there is not', async () => {
    const file = credentialsFile({ AZURE_CLOUD_NAME: 'AzureMoonCloud' });
    await assert.rejects(readAzureConfig({ ...account, credentialsFile: file }), {
      code: 'InvalidConfig',
      message: /^azure object store: AZURE_CLOUD_NAME in .*: expected AzureCloud, .*, got AzureMoonCloud$/,
    });
  });

  it('says what a look-up of the key lacks', async () => {
    await assert.rejects(readAzureConfig({ ...account, subscriptionId: 's' }), {
      code: 'InvalidConfig',
      message:
        "azure object store: to look up the account's key, config lacks resourceGroup (or AZURE_RESOURCE_GROUP in " +
        'credentialsFile); or set storageAccountKeyEnvVar or useAAD',
    });
  });

  it('tells all problems at once', async () => {
    await assert.rejects(readAzureConfig({ bucket: 'b', region: 'eu', apiVersion: 'x', blockSizeInBytes: '0' }), {
      code: 'InvalidConfig',
      message:
        /invalid keys \[region\].*; config lacks \[storageAccount\]; blockSizeInBytes: .*; apiVersion: .*; to look up/,
    });
  });
});
