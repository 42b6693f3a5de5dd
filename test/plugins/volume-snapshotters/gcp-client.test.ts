import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openGcpClient } from '../../../src/plugins/volume-snapshotters/gcp-client.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

function credentials(content: object | string): string {
  const file = join(temporaryFolder(), 'credentials');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const serviceAccount = {
  type: 'service_account',
  project_id: 'of-credentials',
  client_email: 'bowline@of-credentials.iam.gserviceaccount.com',
  private_key: privateKey,
  private_key_id: 'key-1',
};

async function problems(config: Record<string, string>): Promise<string> {
  return openGcpClient(config).then(
    () => assert.fail('it was accepted'),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'InvalidConfig');
      return error.message;
    },
  );
}

describe('openGcpClient', () => {
  it("works in the credentials' project, unless the configuration names others", async () => {
    const credentialsFile = credentials(serviceAccount);
    const projects = async (config: object) => {
      const { volumeProject, snapshotProject } = await openGcpClient({ credentialsFile, ...config });
      return [volumeProject, snapshotProject];
    };
    assert.deepEqual(await projects({}), ['of-credentials', 'of-credentials']);
    assert.deepEqual(await projects({ project: 'kept' }), ['of-credentials', 'kept']);
    assert.deepEqual(await projects({ volumeProject: 'cluster' }), ['cluster', 'cluster']);
    assert.deepEqual(await projects({ volumeProject: 'cluster', project: 'kept' }), ['cluster', 'kept']);
  });

  it('takes the type of snapshots in any case', async () => {
    const credentialsFile = credentials(serviceAccount);
    assert.equal((await openGcpClient({ credentialsFile })).snapshotType, 'STANDARD');
    assert.equal((await openGcpClient({ credentialsFile, snapshotType: 'Archive' })).snapshotType, 'ARCHIVE');
  });

  it('opens with each type of credentials', async () => {
    for (const file of [
      serviceAccount,
      { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' },
      {
        type: 'external_account',
        audience: 'a',
        subject_token_type: 't',
        token_url: 'https://sts.googleapis.com/v1/token',
        credential_source: {
          environment_id: 'aws1',
          region_url: 'http://169.254.169.254/region',
          regional_cred_verification_url: 'https://sts.{region}.amazonaws.com',
        },
      },
    ])
      await openGcpClient({ credentialsFile: credentials(file), volumeProject: 'p' });
  });

  it('names all unknown keys, and all that makes no sense, at once', async () => {
    const values = { snapshotType: 'FAST', computeUrl: 'compute', caCert: 'certificate' };
    const message = await problems({ region: 'us', volumeProject: 'p', ...values });
    for (const part of [
      /invalid keys \[region\]/,
      /snapshotType: expected STANDARD or ARCHIVE, got FAST/,
      /computeUrl: expected http/,
      /caCert: not taken by this provider/,
    ])
      assert.match(message, part);
  });

  it('says what is wrong with a credentials file, and nothing that is in it', async () => {
    assert.match(
      await problems({ credentialsFile: '/nowhere/cloud' }),
      /credentialsFile: read \/nowhere\/cloud: ENOENT$/,
    );
    for (const [content, said] of [
      ['private', /is no JSON whose type is one of service_account, authorized_user, external_account$/],
      [{ type: 'private' }, /is no JSON whose type is one of/],
      [{ ...serviceAccount, project_id: undefined }, /name no project; expected volumeProject$/],
    ] as const) {
      const message = await problems({ credentialsFile: credentials(content) });
      assert.match(message, said);
      assert.doesNotMatch(message, /private/);
    }
  });
});
