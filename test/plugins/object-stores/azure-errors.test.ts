import assert from 'node:assert/strict';
import { BowlineError } from '../../../src/api/errors.ts';
import { azureError } from '../../../src/plugins/object-stores/azure-errors.ts';

const cases = [
  ['BlobNotFound', 404, 'NotFound'],
  ['InvalidRange', 416, 'NotFound'],
  ['BlobAlreadyExists', 409, 'AlreadyExists'],
  ['ConditionNotMet', 412, 'AlreadyExists'],
  ['ContainerNotFound', 404, 'InvalidConfig'],
  ['ContainerBeingDeleted', 409, 'Conflict'],
  ['InvalidResourceName', 400, 'InvalidConfig'],
  ['AuthenticationFailed', 403, 'AccessDenied'],
  ['AuthorizationPermissionMismatch', 403, 'AccessDenied'],
  ['KeyBasedAuthenticationNotPermitted', 403, 'AccessDenied'],
  ['NoAuthenticationInformation', 401, 'AccessDenied'],
  ['InvalidAuthenticationInfo', 400, 'AccessDenied'],
  ['PublicAccessNotPermitted', 409, 'AccessDenied'],
  ['BlobImmutableDueToPolicy', 409, 'AccessDenied'],
  ['BlobArchived', 409, 'Unsupported'],
  ['LeaseIdMissing', 412, 'Conflict'],
  ['InvalidBlockList', 400, 'Unsupported'],
  ['ServerBusy', 503, 'Throttled'],
  ['TooManyRequests', 429, 'Throttled'],
  ['OperationTimedOut', 500, 'Unavailable'],
  ['ECONNREFUSED', undefined, 'Unavailable'],
  ['SELF_SIGNED_CERT_IN_CHAIN', undefined, 'InvalidConfig'],
] as const;

describe('azureError', () => {
  for (const [code, statusCode, ours] of cases)
    it(`gives ${[statusCode, code].filter(Boolean).join(' ')} the code ${ours}`, () => {
      const cause = Object.assign(new Error('in its words'), { name: 'RestError', code, statusCode });
      const error = azureError('get azure://a/c/k', cause);
      assert.equal(error.code, ours);
      assert.equal(error.message, `get azure://a/c/k: ${[statusCode, code].filter(Boolean).join(' ')}`);
      assert.equal(error.status, statusCode);
      assert.equal(error.detail, 'in its words');
      assert.equal(error.cause, cause);
    });

  const named = [
    ['AbortError', undefined, 'Interrupted'],
    ['CredentialUnavailableError', undefined, 'AccessDenied'],
    ['AggregateAuthenticationError', undefined, 'AccessDenied'],
    ['AuthenticationError', 400, 'AccessDenied'],
    ['AuthenticationError', 503, 'Throttled'],
    ['AuthenticationError', 500, 'Unavailable'],
  ] as const;
  for (const [name, statusCode, ours] of named)
    it(`gives ${[name, statusCode].filter(Boolean).join(' ')} the code ${ours}`, () => {
      const error = azureError('get azure://a/c/k', Object.assign(new Error('no'), { name, statusCode }));
      assert.equal(error.code, ours);
      assert.equal(error.message, `get azure://a/c/k: ${statusCode ?? name}`);
    });

  it('passes what is mapped already', () => {
    const mapped = new BowlineError('CorruptBackup', 'read b: cut off');
    assert.equal(azureError('put', mapped), mapped);
  });
});
