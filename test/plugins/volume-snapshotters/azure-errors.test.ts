import assert from 'node:assert/strict';
import { BowlineError } from '../../../src/api/errors.ts';
import { azureError } from '../../../src/plugins/volume-snapshotters/azure-errors.ts';

function sdkError(others: object): Error {
  return Object.assign(new Error('in the words of the server'), { name: 'RestError' }, others);
}

const cases = [
  [{ statusCode: 404, code: 'ResourceNotFound' }, 'NotFound'],
  [{ statusCode: 404, code: 'ResourceGroupNotFound' }, 'NotFound'],
  [{ statusCode: 404, code: 'SubscriptionNotFound' }, 'InvalidConfig'],
  [{ statusCode: 401, code: 'InvalidAuthenticationToken' }, 'AccessDenied'],
  [{ statusCode: 403, code: 'AuthorizationFailed' }, 'AccessDenied'],
  [{ statusCode: 409, code: 'ScopeLocked' }, 'AccessDenied'],
  [{ statusCode: 409, code: 'PropertyChangeNotAllowed' }, 'AlreadyExists'],
  [{ statusCode: 409, code: 'AnotherOperationInProgress' }, 'Conflict'],
  [{ statusCode: 409, code: 'OperationNotAllowed' }, 'Unsupported'],
  [{ statusCode: 409, code: 'QuotaExceeded' }, 'Unsupported'],
  [{ statusCode: 400, code: 'SnapshotCountExceeded' }, 'Unsupported'],
  [{ statusCode: 400, code: 'InvalidParameter' }, 'Unsupported'],
  [{ statusCode: 429, code: 'TooManyRequests' }, 'Throttled'],
  [{ statusCode: 408, code: 'RequestTimeout' }, 'Unavailable'],
  [{ statusCode: 500, code: 'InternalServerError' }, 'Unavailable'],
  [{ statusCode: 503, code: 'ServiceUnavailable' }, 'Unavailable'],
  [{ code: 'ECONNREFUSED' }, 'Unavailable'],
  [{ name: 'AbortError' }, 'Interrupted'],
  [{ name: 'CredentialUnavailableError' }, 'AccessDenied'],
] as const;

describe('azureError', () => {
  for (const [thrown, code] of cases)
    it(`gives ${Object.values(thrown).join(' ')} the code ${code}`, () => {
      const error = azureError('describe volume d', sdkError(thrown));
      assert.equal(error.code, code);
      assert.equal(error.message, `describe volume d: ${Object.values(thrown).join(' ')}`);
      assert.equal(error.detail, 'in the words of the server');
    });

  it('reads the code of an operation that failed out of what the poller says', () => {
    const thrown = new Error('The long-running operation has failed. DiskInUse. In the words of the server');
    const error = azureError('delete volume d', thrown);
    assert.deepEqual([error.code, error.message], ['Unavailable', 'delete volume d: DiskInUse']);
  });

  it('names what the authority says of a secret, and nothing else of it', () => {
    const thrown = sdkError({
      name: 'AuthenticationError',
      statusCode: 401,
      errorResponse: { error: 'invalid_client' },
    });
    const error = azureError('describe volume d', thrown);
    assert.deepEqual(
      [error.code, error.message],
      ['AccessDenied', 'describe volume d: 401 AuthenticationError invalid_client'],
    );
  });

  it('keeps how long to wait', () => {
    const headers = new Headers({ 'retry-after': '30' });
    const error = azureError('describe', sdkError({ statusCode: 429, code: 'TooManyRequests', response: { headers } }));
    assert.equal(error.retryAfterMs, 30_000);
    assert.equal(azureError('describe', sdkError({ statusCode: 429 })).retryAfterMs, undefined);
  });

  it('keeps the cause, and passes what is mapped already', () => {
    const cause = sdkError({ statusCode: 404 });
    assert.equal(azureError('describe', cause).cause, cause);
    const mapped = new BowlineError('InvalidItem', 'read the id');
    assert.equal(azureError('describe', mapped), mapped);
  });
});
