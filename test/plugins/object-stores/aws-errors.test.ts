import assert from 'node:assert/strict';
import { BowlineError, isPermanent } from '../../../src/api/errors.ts';
import { awsError } from '../../../src/plugins/object-stores/aws-errors.ts';

function sdkError(name: string, status?: number, others: object = {}): Error {
  return Object.assign(new Error('in the words of the server'), {
    name,
    $metadata: { ...(status !== undefined && { httpStatusCode: status }) },
    ...others,
  });
}

const cases = [
  ['NoSuchKey', 404, 'NotFound'],
  ['NotFound', 404, 'NotFound'],
  ['NoSuchBucket', 404, 'InvalidConfig'],
  ['InvalidBucketName', 400, 'InvalidConfig'],
  ['InvalidRange', 416, 'NotFound'],
  ['PreconditionFailed', 412, 'AlreadyExists'],
  ['ConditionalRequestConflict', 409, 'Conflict'],
  ['AccessDenied', 403, 'AccessDenied'],
  ['SignatureDoesNotMatch', 403, 'AccessDenied'],
  ['ExpiredToken', 400, 'AccessDenied'],
  ['InvalidToken', 400, 'AccessDenied'],
  ['RequestTimeTooSkewed', 403, 'Unavailable'],
  ['KMS.DisabledException', 400, 'InvalidConfig'],
  ['301', 301, 'InvalidConfig'],
  ['XAdminUserNotFound', 404, 'AccessDenied'],
  ['SlowDown', 503, 'Throttled'],
  ['TooManyRequests', 429, 'Throttled'],
  ['PermanentRedirect', 301, 'InvalidConfig'],
  ['AuthorizationHeaderMalformed', 400, 'InvalidConfig'],
  ['RequestTimeout', 400, 'Unavailable'],
  ['InvalidArgument', 400, 'Unsupported'],
  ['NotImplemented', 501, 'Unsupported'],
  ['InternalError', 500, 'Unavailable'],
  ['403', 403, 'AccessDenied'],
  ['AbortError', undefined, 'Interrupted'],
  ['TimeoutError', undefined, 'Unavailable'],
  ['CredentialsProviderError', undefined, 'AccessDenied'],
] as const;

describe('awsError', () => {
  for (const [name, status, code] of cases)
    it(`gives ${[status, name].filter(Boolean).join(' ')} the code ${code}`, () => {
      const error = awsError('get s3://b/k', sdkError(name, status));
      assert.equal(error.code, code);
      assert.equal(error.status, status);
      assert.equal(error.message, `get s3://b/k: ${[status, name].filter((part) => part !== undefined).join(' ')}`);
    });

  it('keeps the words of the server in detail, away from the message', () => {
    const error = awsError('get s3://b/k', sdkError('AccessDenied', 403));
    assert.equal(error.detail, 'in the words of the server');
    assert.doesNotMatch(error.message, /words/);
  });

  it('names what the system says where no server answered', () => {
    const error = awsError('get s3://b/k', sdkError('Error', undefined, { code: 'ECONNRESET' }));
    assert.deepEqual([error.code, error.message], ['Unavailable', 'get s3://b/k: ECONNRESET']);
    assert.equal(isPermanent(error), false);
  });

  it('keeps the cause, and passes what is mapped already', () => {
    const cause = sdkError('SlowDown', 503);
    assert.equal(awsError('get', cause).cause, cause);
    const mapped = new BowlineError('CorruptBackup', 'read b: cut off');
    assert.equal(awsError('put', mapped), mapped);
  });
});
