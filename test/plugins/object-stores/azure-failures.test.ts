import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { isPermanent, type BowlineError } from '../../../src/api/errors.ts';
import type { ObjectStore } from '../../../src/plugins/object-store.ts';
import { azure } from '../../../src/plugins/object-stores/azure.ts';
import { freePort } from '../../../tools/stack/server.ts';
import { recordingServer, type Answer } from '../../support/recording-server.ts';
import { azureContainer, credentialsFile } from './azure-container.ts';
import { everyCall } from './every-call.ts';

async function assertRefused(store: ObjectStore, code: string, says: RegExp): Promise<void> {
  for (const [name, call] of everyCall)
    await assert.rejects(
      call(store),
      (error: BowlineError) => {
        assert.equal(error.code, code, `${name}: ${error.message}`);
        assert.match(error.message, says, name);
        assert.match(error.message, /^(put|stat|get|delete|list) azure:\/\/bowline\/[^ ]+: /);
        assert.ok(isPermanent(error));
        return true;
      },
      name,
    );
}

function refusal(status: number, code: string): Answer {
  const headers = { 'x-ms-error-code': code, 'content-type': 'application/xml' };
  return { status, headers, body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>` };
}

describe('failures of the azure object store', () => {
  it('a container that is not there is InvalidConfig for every call', async () => {
    const store = await azure({ ...(await azureContainer()), bucket: 'absent' });
    await assertRefused(store, 'InvalidConfig', /404 ContainerNotFound$/);
  });

  it('a name that no container can have is InvalidConfig for every call', async () => {
    const store = await azure({ ...(await azureContainer()), bucket: 'No_Name' });
    await assertRefused(store, 'InvalidConfig', /400 InvalidResourceName$/);
  });

  it('a wrong key is AccessDenied for every call, and in no message', async () => {
    const wrong = randomBytes(64).toString('base64');
    const store = await azure({ ...(await azureContainer()), credentialsFile: credentialsFile({ THE_KEY: wrong }) });
    await assertRefused(store, 'AccessDenied', /403 (AuthorizationFailure|AuthenticationFailed)$/);
  });

  it('an account that nobody answers for is Unavailable, without a status', async () => {
    const storageAccountURI = `http://127.0.0.1:${await freePort()}/bowline`;
    const store = await azure({ ...(await azureContainer()), storageAccountURI });
    await assert.rejects(store.objectExists('k'), {
      code: 'Unavailable',
      status: undefined,
      message: /: ECONNREFUSED$/,
    });
  });

  const answers = [
    { title: 'a clock that is wrong', status: 403, code: 'AuthenticationFailed', is: 'AccessDenied' },
    { title: 'a token that has expired', status: 401, code: 'InvalidAuthenticationInfo', is: 'AccessDenied' },
    { title: 'a role that is missing', status: 403, code: 'AuthorizationPermissionMismatch', is: 'AccessDenied' },
    { title: 'an account without keys', status: 403, code: 'KeyBasedAuthenticationNotPermitted', is: 'AccessDenied' },
    { title: 'a version that the service does not know', status: 400, code: 'InvalidHeaderValue', is: 'Unsupported' },
  ];
  for (const { title, status, code, is } of answers)
    it(`${title} is ${is} for every call`, async () => {
      const server = await recordingServer(() => refusal(status, code));
      const store = await azure({ ...(await azureContainer()), storageAccountURI: `${server.url}/bowline` });
      await assertRefused(store, is, new RegExp(`${status} ${code}$`));
      server.close();
    });

  it('a container that may only be read refuses writes and deletions with AccessDenied', async () => {
    const server = await recordingServer(({ method }) =>
      method === 'PUT' || method === 'DELETE'
        ? refusal(403, 'AuthorizationPermissionMismatch')
        : refusal(404, 'BlobNotFound'),
    );
    const store = await azure({ ...(await azureContainer()), storageAccountURI: `${server.url}/bowline` });
    const message = /^(put|delete) azure:\/\/bowline\/container-[^ ]+\/k: 403 AuthorizationPermissionMismatch$/;
    await assert.rejects(store.putObject('k', Buffer.from('x'), { ifAbsent: true }), { code: 'AccessDenied', message });
    await assert.rejects(store.deleteObject('k'), { code: 'AccessDenied', message });
    assert.equal(await store.objectExists('k'), false);
    server.close();
  });

  it('a blob that a policy protects is AccessDenied, and AlreadyExists with ifAbsent', async () => {
    const server = await recordingServer(({ method, url }) => {
      if (method === 'HEAD') return { headers: { 'content-length': '1' } };
      return url.includes('comp=block&') ? { status: 201 } : refusal(409, 'BlobImmutableDueToPolicy');
    });
    const store = await azure({ ...(await azureContainer()), storageAccountURI: `${server.url}/bowline` });
    const refused = { code: 'AccessDenied', message: /\/k: 409 BlobImmutableDueToPolicy$/ };
    await assert.rejects(store.putObject('k', Buffer.from('x')), refused);
    await assert.rejects(store.deleteObject('k'), refused);
    await assert.rejects(store.putObject('k', Buffer.from('x'), { ifAbsent: true }), { code: 'AlreadyExists' });
    server.close();
  });
});
