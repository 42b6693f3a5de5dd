import assert from 'node:assert/strict';
import { isPermanent, type BowlineError } from '../../../src/api/errors.ts';
import type { ObjectStore } from '../../../src/plugins/object-store.ts';
import { openAwsClients } from '../../../src/plugins/object-stores/aws-client.ts';
import { awsError } from '../../../src/plugins/object-stores/aws-errors.ts';
import { aws } from '../../../src/plugins/object-stores/aws.ts';
import { recordingServer } from '../../support/recording-server.ts';
import { s3Server } from '../../support/servers.ts';
import { everyCall } from './every-call.ts';
import { credentialsFile, lockedBucket, s3Bucket } from './s3-bucket.ts';

const secretAccessKey = 'not-the-right-secret';

/** Asserts that every call rejects with a code, and a message that tells where and what but no secret. */
async function assertRefused(store: ObjectStore, code: string, says: RegExp): Promise<void> {
  for (const [name, call] of everyCall)
    await assert.rejects(
      call(store),
      (error: BowlineError) => {
        assert.equal(error.code, code, `${name}: ${error.message}`);
        assert.match(error.message, says, name);
        assert.match(error.message, /^(put|stat|get|delete|list) s3:\/\/[^ ]+: /);
        assert.ok(!`${error.message} ${error.detail}`.includes(secretAccessKey), name);
        assert.ok(isPermanent(error));
        return true;
      },
      name,
    );
}

describe('failures of the aws object store', () => {
  it('a bucket that is not there is InvalidConfig for every call', async () => {
    const store = await aws({ ...(await s3Bucket()), bucket: 'absent' });
    await assertRefused(store, 'InvalidConfig', /404 NoSuchBucket$/);
  });

  it('a wrong region is InvalidConfig for every call', async () => {
    const store = await aws({ ...(await s3Bucket()), region: 'eu-west-1' });
    await assertRefused(store, 'InvalidConfig', /400 AuthorizationHeaderMalformed$/);
  });

  for (const [title, keys, says] of [
    ['a wrong secret', { accessKeyId: 'bowline', secretAccessKey }, /403 SignatureDoesNotMatch$/],
    ['an unknown key', { accessKeyId: 'nobody', secretAccessKey }, /404 XAdminUserNotFound$/],
  ] as const)
    it(`${title} is AccessDenied for every call`, async () => {
      const store = await aws({ ...(await s3Bucket()), credentialsFile: credentialsFile(keys) });
      await assertRefused(store, 'AccessDenied', says);
    });

  it('a session that is no session is AccessDenied for every call', async () => {
    const keys = { accessKeyId: 'bowline', secretAccessKey, sessionToken: 'none' };
    const store = await aws({ ...(await s3Bucket()), credentialsFile: credentialsFile(keys) });
    await assertRefused(store, 'AccessDenied', /400 InvalidToken$/);
  });

  it('a profile that is not in the file is AccessDenied for every call, and for signing', async () => {
    const store = await aws({ ...(await s3Bucket()), profile: 'absent' });
    await assertRefused(store, 'AccessDenied', /CredentialsProviderError$/);
    await assert.rejects(store.createSignedUrl('k', 60), { code: 'AccessDenied' });
  });

  it('a clock that is an hour wrong is a fault that may pass: the SDK sets it by the answer', async () => {
    const config = await s3Bucket();
    for (const hours of [-1, 1]) {
      const { client, s3 } = await openAwsClients(config);
      client.config.systemClockOffset = hours * 3_600_000;
      const list = () => client.send(new s3.ListObjectsV2Command({ Bucket: config['bucket'] }));
      await assert.rejects(list, (error) => {
        const ours = awsError('list s3://b/', error);
        assert.equal(ours.message, 'list s3://b/: 403 RequestTimeTooSkewed');
        return !isPermanent(ours);
      });
      assert.equal((await list()).$metadata.httpStatusCode, 200);
    }
  });

  it('a HEAD is sent again if a list was answered after it failed', async () => {
    let heads = 0;
    const server = await recordingServer(({ method }) => {
      if (method !== 'HEAD') return { headers: { 'content-type': 'application/xml' }, body: '<ListBucketResult/>' };
      heads++;
      return heads === 1 ? { status: 403 } : { headers: { 'content-length': '7' } };
    });
    const store = await aws({ ...(await s3Bucket()), s3Url: server.url });
    assert.equal((await store.statObject('k')).bytes, 7);
    server.close();
  });

  it('an object under a lock can be neither replaced nor deleted: AccessDenied, and AlreadyExists with ifAbsent', async () => {
    const config = await lockedBucket();
    const store = await aws(config);
    await store.putObject('k', Buffer.from('x'), { ifAbsent: true });
    const refused = { code: 'AccessDenied', message: new RegExp(` s3://${config['bucket']}/k: 403 AccessDenied$`) };
    await assert.rejects(store.putObject('k', Buffer.from('y')), refused);
    await assert.rejects(store.deleteObject('k'), refused);
    await assert.rejects(store.putObject('k', Buffer.from('y'), { ifAbsent: true }), { code: 'AlreadyExists' });
  });

  describe('that the server here can not be brought to', () => {
    const answers = [
      { title: 'a session that has expired', status: 400, code: 'ExpiredToken', is: 'AccessDenied' },
      { title: 'a bucket in another region', status: 301, code: 'PermanentRedirect', is: 'InvalidConfig' },
      { title: 'a key of KMS that is not there', status: 400, code: 'KMS.NotFoundException', is: 'InvalidConfig' },
      { title: 'a right that is missing', status: 403, code: 'AccessDenied', is: 'AccessDenied' },
      { title: 'a header that the store does not know', status: 501, code: 'NotImplemented', is: 'Unsupported' },
    ];
    for (const { title, status, code, is } of answers)
      it(`${title} is ${is} for every call`, async () => {
        const body = `<Error><Code>${code}</Code><Message>in its words</Message></Error>`;
        const server = await recordingServer(() => ({ status, headers: { 'content-type': 'application/xml' }, body }));
        const store = await aws({ ...(await s3Bucket()), s3Url: server.url });
        await assertRefused(store, is, new RegExp(`${status} ${code}$`));
        server.close();
      });

    it('a bucket that may only be read refuses writes and deletions with AccessDenied', async () => {
      const { endpoint } = await s3Server();
      const body = '<Error><Code>AccessDenied</Code></Error>';
      const server = await recordingServer(async ({ method, url }) => {
        if (method !== 'GET') return { status: 403, body };
        const response = await fetch(`${endpoint}${url}`);
        return { status: response.status, body: await response.text() };
      });
      const store = await aws({ ...(await s3Bucket()), s3Url: server.url });
      const refused = { code: 'AccessDenied', message: /^(put|delete) s3:\/\/bucket-[^ ]+\/k: 403 AccessDenied$/ };
      await assert.rejects(store.putObject('k', Buffer.from('x')), refused);
      await assert.rejects(store.putObject('k', Buffer.alloc(9 * 1_048_576)), refused);
      await assert.rejects(store.deleteObject('k'), refused);
      server.close();
    });

    it('who may not list is told of an object that is not there', async () => {
      const server = await recordingServer(({ method }) => ({ status: method === 'HEAD' ? 404 : 403 }));
      const store = await aws({ ...(await s3Bucket()), s3Url: server.url });
      assert.equal(await store.objectExists('k'), false);
      server.close();
    });
  });
});
