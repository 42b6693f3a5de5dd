import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { googleAuth, parseJson, readGoogleCredentials } from '../../src/plugins/google-credentials.ts';
import { keyFile, signer } from './object-stores/gcp-bucket.ts';
import { temporaryFolder } from './temporary-folder.ts';

function file(text: string): string {
  const path = join(temporaryFolder(), 'credentials.json');
  writeFileSync(path, text);
  return path;
}

describe('readGoogleCredentials', () => {
  it('reads the key of a service account', async () => {
    const { credentials, problems } = await readGoogleCredentials(keyFile());
    assert.deepEqual([credentials?.type, credentials?.client_email, problems], ['service_account', signer, []]);
  });

  it('gives nothing where there is no file', async () => {
    assert.deepEqual(await readGoogleCredentials(undefined), { problems: [] });
  });

  it('says what is wrong with a file, and not what is in it', async () => {
    for (const text of ['', 'secret', '"secret"', '{"type": 1}', '{"type": "gdch_secret"}', 'null']) {
      const path = file(text);
      assert.deepEqual(await readGoogleCredentials(path), {
        problems: [
          `credentialsFile: ${path} is no JSON whose type is one of service_account, authorized_user, external_account`,
        ],
      });
    }
    assert.deepEqual((await readGoogleCredentials('/absent')).problems, ['credentialsFile: read /absent: ENOENT']);
  });
});

describe('googleAuth', () => {
  const scope = { scopes: ['https://www.googleapis.com/auth/devstorage.read_write'], universeDomain: undefined };
  const pool = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
  };
  const cases = [
    {
      made: 'UserRefreshClient',
      credentials: { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' },
    },
    { made: 'IdentityPoolClient', credentials: { ...pool, credential_source: { file: '/token' } } },
    {
      made: 'AwsClient',
      credentials: {
        ...pool,
        subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
        credential_source: {
          environment_id: 'aws1',
          regional_cred_verification_url:
            'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
        },
      },
    },
  ];
  for (const { made, credentials } of cases)
    it(`makes a ${made} of its credentials`, async () => {
      const client = await (await googleAuth(credentials, scope)).getClient();
      assert.equal(client.constructor.name, made);
    });

  it("makes tokens of a service account's key by itself, for the scopes", async () => {
    const { credentials } = await readGoogleCredentials(keyFile());
    const headers = await (await googleAuth(credentials, scope)).getRequestHeaders();
    const [, token = ''] = (headers.get('authorization') ?? '').split(' ');
    const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    assert.deepEqual([claims?.['iss'], claims?.['scope']], [signer, scope.scopes[0]]);
  });
});

describe('parseJson', () => {
  it('gives objects alone', () => {
    assert.deepEqual(parseJson('{"a":1}'), { a: 1 });
    for (const text of ['', '1', 'null', '{', '"a"']) assert.equal(parseJson(text), undefined, text);
  });
});
