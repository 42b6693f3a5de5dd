import assert from 'node:assert/strict';
import type { BowlineError } from '../../../src/api/errors.ts';
import { lookUpAccountKey } from '../../../src/plugins/object-stores/azure-account-key.ts';
import { freePort } from '../../../tools/stack/server.ts';
import { recordingServer, type Answer } from '../../support/recording-server.ts';

async function lookUp(answer: Answer) {
  const server = await recordingServer(() => answer);
  const query = { subscription: 's', resourceGroup: 'a group', account: 'acme', token: 'the-token' };
  try {
    return { key: await lookUpAccountKey({ management: server.url, ...query }), requests: server.requests };
  } finally {
    server.close();
  }
}

describe('lookUpAccountKey', () => {
  it('gives the first key that allows everything', async () => {
    const keys = [
      { value: 'one', permissions: 'Read' },
      { value: 'two', permissions: 'FULL' },
      { value: 'three', permissions: 'Full' },
    ];
    const { key, requests } = await lookUp({ body: JSON.stringify({ keys }) });
    assert.equal(key, 'two');
    const [{ method, url, headers } = assert.fail('nothing was asked')] = requests;
    assert.deepEqual(
      [method, url, headers.authorization],
      [
        'POST',
        '/subscriptions/s/resourceGroups/a%20group/providers/Microsoft.Storage/storageAccounts/acme/listKeys' +
          '?api-version=2023-05-01&$expand=kerb',
        'Bearer the-token',
      ],
    );
  });

  it('refuses keys that do not', async () => {
    await assert.rejects(lookUp({ body: JSON.stringify({ keys: [{ value: 'one', permissions: 'Read' }] }) }), {
      code: 'AccessDenied',
      message: 'look up the key of storage account acme in a group: none that allows everything',
    });
  });

  const refusals = [
    { status: 404, says: 'ResourceNotFound', code: 'InvalidConfig' },
    { status: 403, says: 'AuthorizationFailed', code: 'AccessDenied' },
    { status: 401, says: 'InvalidAuthenticationToken', code: 'AccessDenied' },
    { status: 429, says: 'TooManyRequests', code: 'Throttled' },
    { status: 500, says: 'InternalServerError', code: 'Unavailable' },
  ];
  for (const { status, says, code } of refusals)
    it(`gives ${status} ${says} the code ${code}, without the token`, async () => {
      const body = JSON.stringify({ error: { code: says, message: 'in its words' } });
      await assert.rejects(lookUp({ status, body }), (error: BowlineError) => {
        assert.equal(error.code, code);
        assert.equal(error.message, `look up the key of storage account acme in a group: ${status} ${says}`);
        assert.ok(!`${error.message} ${error.detail}`.includes('the-token'));
        return true;
      });
    });

  it('is Unavailable where nobody answers', async () => {
    const query = { subscription: 's', resourceGroup: 'g', account: 'acme', token: 't' };
    await assert.rejects(lookUpAccountKey({ management: `http://127.0.0.1:${await freePort()}`, ...query }), {
      code: 'Unavailable',
      message: 'look up the key of storage account acme in g: ECONNREFUSED',
    });
  });
});
