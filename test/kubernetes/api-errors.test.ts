import assert from 'node:assert/strict';
import { apiError, noAnswer } from '../../src/kubernetes/api-errors.ts';

const tried = 'create configmaps shop/web';

function refusal(members: object): string {
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...members });
}

describe('apiError', () => {
  const table: [number, string, string][] = [
    [400, 'BadRequest', 'InvalidItem'],
    [401, 'Unauthorized', 'AccessDenied'],
    [403, 'Forbidden', 'AccessDenied'],
    [404, 'NotFound', 'NotFound'],
    [405, 'MethodNotAllowed', 'Unsupported'],
    [409, 'AlreadyExists', 'AlreadyExists'],
    [409, 'Conflict', 'Conflict'],
    [410, 'Expired', 'Expired'],
    [413, 'RequestEntityTooLarge', 'InvalidItem'],
    [415, 'UnsupportedMediaType', 'Unsupported'],
    [422, 'Invalid', 'InvalidItem'],
    [429, 'TooManyRequests', 'Throttled'],
    [500, 'InternalError', 'Unavailable'],
    [503, 'ServiceUnavailable', 'Unavailable'],
    [504, 'Timeout', 'Unavailable'],
  ];
  for (const [status, reason, code] of table) {
    it(`gives ${status} ${reason} the code ${code}, and names what was tried`, () => {
      const error = apiError(tried, { status, body: refusal({ reason }) });
      assert.equal(error.code, code);
      assert.equal(error.status, status);
      assert.ok(error.message.startsWith(`create configmaps shop/web: ${status} `));
    });
  }

  it("keeps the server's words in detail, away from the message", () => {
    const error = apiError(tried, {
      status: 422,
      body: refusal({ reason: 'Invalid', message: 'Invalid value: "hunter2"' }),
    });
    assert.equal(error.detail, 'Invalid value: "hunter2"');
    assert.ok(!error.message.includes('hunter2'));
  });

  it('takes the text itself for detail where a proxy answers with no Status', () => {
    const error = apiError(tried, { status: 502, body: '<html>bad gateway</html>' });
    assert.equal(error.code, 'Unavailable');
    assert.equal(error.detail, '<html>bad gateway</html>');
    assert.ok(!error.message.includes('html'));
  });

  it('tells where an expired list goes on', () => {
    const error = apiError('list pods', {
      status: 410,
      body: refusal({ reason: 'Expired', metadata: { continue: 'abc' } }),
    });
    assert.equal(error.continueToken, 'abc');
  });

  it('tells how long to wait, by the header or by the Status', () => {
    assert.equal(apiError(tried, { status: 429, body: '', retryAfter: '3' }).retryAfterMs, 3000);
    assert.equal(
      apiError(tried, { status: 503, body: refusal({ details: { retryAfterSeconds: 2 } }) }).retryAfterMs,
      2000,
    );
    assert.equal(apiError(tried, { status: 503, body: '' }).retryAfterMs, undefined);
  });
});

describe('noAnswer', () => {
  it('is Unavailable without a status, and keeps the cause', () => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const { code, status, message, cause: kept } = noAnswer(tried, cause, undefined);
    assert.deepEqual([code, status, kept], ['Unavailable', undefined, cause]);
    assert.match(message, /^create configmaps shop\/web: .*ECONNREFUSED/);
  });

  it('is Interrupted once the signal is aborted', () => {
    assert.equal(noAnswer(tried, new Error('aborted'), AbortSignal.abort()).code, 'Interrupted');
  });
});
