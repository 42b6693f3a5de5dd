import assert from 'node:assert/strict';
import { azureTokens, readAzureCredentials } from '../../src/plugins/azure-credentials.ts';
import { credentialsFile } from './object-stores/azure-container.ts';

const tenant = { AZURE_TENANT_ID: '00000000-0000-0000-0000-000000000001', AZURE_CLIENT_ID: 'client' };

describe('readAzureCredentials', () => {
  it('reads the lines of the file', async () => {
    const { values, cloud, problems } = await readAzureCredentials(credentialsFile({ ...tenant, QUOTED: '"a b"' }));
    assert.deepEqual(values, { ...tenant, QUOTED: 'a b' });
    assert.equal(cloud.management, 'https://management.azure.com');
    assert.deepEqual(problems, []);
  });

  it('gives nothing where there is no file', async () => {
    assert.deepEqual((await readAzureCredentials(undefined)).values, {});
  });
});

describe('azureTokens', () => {
  const cases = [
    { title: 'a secret', values: { ...tenant, AZURE_CLIENT_SECRET: 's' }, made: 'ClientSecretCredential' },
    {
      title: 'a certificate in a file',
      values: { ...tenant, AZURE_CLIENT_CERTIFICATE_PATH: '/c.pem', AZURE_CLIENT_CERTIFICATE_PASSWORD: 'p' },
      made: 'ClientCertificateCredential',
    },
    {
      title: 'a certificate itself',
      values: { ...tenant, AZURE_CLIENT_CERTIFICATE: '-----BEGIN CERTIFICATE-----' },
      made: 'ClientCertificateCredential',
    },
    {
      title: 'a password',
      values: { ...tenant, AZURE_USERNAME: 'u', AZURE_PASSWORD: 'p' },
      made: 'UsernamePasswordCredential',
    },
    { title: 'no more than who it is', values: tenant, made: 'DefaultAzureCredential' },
    { title: 'no file', values: undefined, made: 'DefaultAzureCredential' },
  ];
  for (const { title, values, made } of cases)
    it(`makes a ${made} of ${title}`, async () => {
      const credentials = await readAzureCredentials(values && credentialsFile(values));
      const tokens = await azureTokens(credentials, { authority: undefined, tlsOptions: {} });
      assert.equal(tokens.constructor.name, made);
    });
});
