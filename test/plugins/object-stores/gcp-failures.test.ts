import assert from 'node:assert/strict';
import { isPermanent, type BowlineError } from '../../../src/api/errors.ts';
import type { ObjectStore } from '../../../src/plugins/object-store.ts';
import { gcp } from '../../../src/plugins/object-stores/gcp.ts';
import { freePort } from '../../../tools/stack/server.ts';
import { recordingServer, type Answer, type RecordingServer } from '../../support/recording-server.ts';
import { everyCall } from './every-call.ts';
import { gcpBucket } from './gcp-bucket.ts';

async function assertRefused(store: ObjectStore, code: string, says: RegExp): Promise<void> {
  for (const [name, call] of everyCall)
    await assert.rejects(
      call(store),
      (error: BowlineError) => {
        assert.equal(error.code, code, `${name}: ${error.message}`);
        assert.match(error.message, says, name);
        assert.match(error.message, /^(put|stat|get|delete|list) gs:\/\/[^ ]+: /);
        assert.ok(!/Bearer|PRIVATE/.test(`${error.message} ${error.detail}`), name);
        assert.ok(isPermanent(error));
        return true;
      },
      name,
    );
}

function refusal(status: number, reason: string): Answer {
  const error = { code: status, message: 'no', errors: [{ reason, message: 'no', domain: 'global' }] };
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error }) };
}

async function storeAt({ url }: Pick<RecordingServer, 'url'>): Promise<ObjectStore> {
  return gcp({ ...(await gcpBucket()), storeEndpoint: url });
}

describe('failures of the gcp object store', () => {
  it('a bucket that is not there is InvalidConfig for every call', async () => {
    await assertRefused(await gcp({ ...(await gcpBucket()), bucket: 'absent' }), 'InvalidConfig', /: 404/);
  });

  it('an endpoint that nobody answers at is Unavailable, without a status', async () => {
    const store = await storeAt({ url: `http://127.0.0.1:${await freePort()}` });
    for (const call of [
      () => store.objectExists('k'),
      () => store.putObject('k', Buffer.from('x')),
      () => store.getObject('k'),
    ])
      await assert.rejects(call, { code: 'Unavailable', status: undefined, message: /: ECONNREFUSED$/ });
  });

  const answers = [
    { title: 'a token that is none', status: 401, reason: 'authError', is: 'AccessDenied' },
    { title: 'a right that is missing', status: 403, reason: 'forbidden', is: 'AccessDenied' },
    { title: 'a request that makes no sense', status: 400, reason: 'invalid', is: 'Unsupported' },
  ];
  for (const { title, status, reason, is } of answers)
    it(`${title} is ${is} for every call`, async () => {
      const server = await recordingServer(() => refusal(status, reason));
      await assertRefused(await storeAt(server), is, new RegExp(`: ${status} ${reason}$`));
      server.close();
    });

  it('a bucket that may only be read refuses writes and deletions with AccessDenied', async () => {
    const server = await recordingServer(({ method, url }) => {
      if (method !== 'GET') return refusal(403, 'forbidden');
      return url.includes('maxResults=')
        ? { headers: { 'content-type': 'application/json' }, body: '{}' }
        : refusal(404, 'notFound');
    });
    const store = await storeAt(server);
    const refused = { code: 'AccessDenied', message: /^(put|delete) gs:\/\/bucket-[^ ]+\/k: 403 forbidden$/ };
    await assert.rejects(store.putObject('k', Buffer.from('x'), { ifAbsent: true }), refused);
    await assert.rejects(store.deleteObject('k'), refused);
    assert.equal(await store.objectExists('k'), false);
    server.close();
  });

  it('who may not list is told of an object that is not there', async () => {
    const server = await recordingServer(({ url }) =>
      url.includes('maxResults=') ? refusal(403, 'forbidden') : refusal(404, 'notFound'),
    );
    assert.equal(await (await storeAt(server)).objectExists('k'), false);
    server.close();
  });

  it('an object that is retained is AccessDenied, and AlreadyExists with ifAbsent', async () => {
    const server = await recordingServer(({ method }) =>
      method === 'GET'
        ? { headers: { 'content-type': 'application/json' }, body: '{"size":"1"}' }
        : refusal(403, 'retentionPolicyNotMet'),
    );
    const store = await storeAt(server);
    const refused = { code: 'AccessDenied', message: /\/k: 403 retentionPolicyNotMet$/ };
    await assert.rejects(store.putObject('k', Buffer.from('x')), refused);
    await assert.rejects(store.deleteObject('k'), refused);
    await assert.rejects(store.putObject('k', Buffer.from('x'), { ifAbsent: true }), { code: 'AlreadyExists' });
    server.close();
  });
});
