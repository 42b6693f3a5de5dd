import assert from 'node:assert/strict';
import { BowlineError } from '../../../src/api/errors.ts';
import { gcpError, gcpOperationFailure, gcpRefusal } from '../../../src/plugins/volume-snapshotters/gcp-errors.ts';

const refusals = [
  [404, 'notFound', 'NotFound'],
  [409, 'alreadyExists', 'AlreadyExists'],
  [401, 'authError', 'AccessDenied'],
  [403, 'forbidden', 'AccessDenied'],
  [403, 'accessNotConfigured', 'AccessDenied'],
  [403, 'rateLimitExceeded', 'Throttled'],
  [403, 'quotaExceeded', 'Unsupported'],
  [429, 'rateLimitExceeded', 'Throttled'],
  [429, '', 'Throttled'],
  [400, 'resourceNotReady', 'Conflict'],
  [400, 'resourceInUseByAnotherResource', 'Conflict'],
  [400, 'invalid', 'Unsupported'],
  [412, 'conditionNotMet', 'Conflict'],
  [408, '', 'Unavailable'],
  [500, 'internalError', 'Unavailable'],
  [503, 'backendError', 'Unavailable'],
] as const;

describe('gcpRefusal', () => {
  for (const [status, reason, code] of refusals)
    it(`gives ${status} ${reason} the code ${code}`, () => {
      const message = 'in the words of the server';
      const body = { error: { message, errors: reason === '' ? [] : [{ reason }] } };
      const error = gcpRefusal('describe volume d', { status, retryAfter: null, body });
      assert.deepEqual([error.code, error.status, error.detail], [code, status, message]);
      assert.equal(error.message, `describe volume d: ${[status, reason].filter(Boolean).join(' ')}`);
    });

  it('takes what it can get of an answer without reasons', () => {
    const refuse = (body: object) => gcpRefusal('x', { status: 403, retryAfter: '9', body }).message;
    assert.equal(refuse({ error: { status: 'PERMISSION_DENIED' } }), 'x: 403 PERMISSION_DENIED');
    assert.equal(refuse({}), 'x: 403');
    assert.equal(gcpRefusal('x', { status: 429, retryAfter: '9', body: {} }).retryAfterMs, 9_000);
  });
});

describe('gcpOperationFailure', () => {
  for (const [said, code] of [
    ['QUOTA_EXCEEDED', 'Unsupported'],
    ['RESOURCE_IN_USE_BY_ANOTHER_RESOURCE', 'Conflict'],
    ['RESOURCE_OPERATION_RATE_EXCEEDED', 'Throttled'],
    ['RESOURCE_NOT_FOUND', 'NotFound'],
    ['INTERNAL_ERROR', 'Unavailable'],
  ] as const)
    it(`gives ${said} the code ${code}`, () => {
      const error = gcpOperationFailure('delete snapshot s', said);
      assert.deepEqual([error.code, error.message], [code, `delete snapshot s: ${said}`]);
    });
});

describe('gcpError', () => {
  const thrown = (message: string, others: object = {}) => Object.assign(new Error(message), others);

  for (const [error, code, said] of [
    [thrown('fetch failed', { cause: { code: 'ECONNREFUSED' } }), 'Unavailable', 'ECONNREFUSED'],
    [thrown('timed out', { name: 'TimeoutError' }), 'Unavailable', 'TimeoutError'],
    [thrown('invalid_grant: secret', { status: 400 }), 'AccessDenied', '400'],
    [thrown('no such key: secret', { code: 'ERR_OSSL_UNSUPPORTED' }), 'AccessDenied', 'ERR_OSSL_UNSUPPORTED'],
    [thrown('Could not load the default credentials. Browse to …'), 'AccessDenied', 'Error'],
    [thrown('down', { status: 503 }), 'Unavailable', '503'],
  ] as const)
    it(`says ${said} of ${error.name}: ${error.message}, with the code ${code}`, () => {
      const mapped = gcpError('describe volume d', error);
      assert.deepEqual([mapped.code, mapped.message], [code, `describe volume d: ${said}`]);
      assert.equal(mapped.cause, error);
    });

  it('passes what is mapped already', () => {
    const mapped = new BowlineError('NotFound', 'describe');
    assert.equal(gcpError('describe', mapped), mapped);
  });
});
