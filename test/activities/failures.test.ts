import assert from 'node:assert/strict';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { invalidSpec, notYet, toFailure } from '../../src/activities/failures.ts';
import { BowlineError, type ErrorCode } from '../../src/api/errors.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';

function failureOf(error: unknown): ApplicationFailure {
  const failure = toFailure(error);
  assert.ok(failure instanceof ApplicationFailure);
  return failure;
}

/** All that enters the history of a failure. */
function everythingIn({ message, type, details, cause, stack }: ApplicationFailure): string {
  return JSON.stringify([message, type, details, String(cause), stack]);
}

describe('toFailure', () => {
  const table: [ErrorCode, boolean][] = [
    ['NotFound', true],
    ['AlreadyExists', true],
    ['AccessDenied', true],
    ['InvalidConfig', true],
    ['InvalidSpec', true],
    ['InvalidItem', true],
    ['Unsupported', true],
    ['CorruptBackup', true],
    ['ReadOnlyLocation', true],
    ['Conflict', false],
    ['Expired', false],
    ['Unavailable', false],
    ['Throttled', false],
    ['Interrupted', false],
  ];
  for (const [code, nonRetryable] of table) {
    it(`has ${code} ${nonRetryable ? 'fail for good' : 'repeated'}`, () => {
      const failure = failureOf(new BowlineError(code, 'get s3://b/k: refused'));
      assert.deepEqual(
        [failure.type, failure.nonRetryable, failure.message],
        [code, nonRetryable, 'get s3://b/k: refused'],
      );
    });
  }

  it("holds none of the server's own words, which may echo field values", () => {
    const error = apiError('create secrets shop/key', {
      status: 422,
      body: JSON.stringify({ reason: 'Invalid', message: 'Invalid value: "hunter2"' }),
    });
    const caused = new BowlineError('Unavailable', 'list secrets: no answer', { cause: new Error('hunter2') });
    for (const one of [error, caused]) assert.ok(!everythingIn(failureOf(one)).includes('hunter2'));
  });

  it('does not quote a text that is no JSON', () => {
    let error: unknown;
    try {
      JSON.parse('{"password":hunter2}');
    } catch (caught) {
      error = caught;
    }
    assert.match(String(error), /hunter2/);
    assert.ok(!everythingIn(failureOf(error)).includes('hunter2'));
  });

  it('asks to be repeated when the server said', () => {
    const error = new BowlineError('Throttled', 'put s3://b/k: 503 SlowDown', { retryAfterMs: 7_000 });
    assert.equal(failureOf(error).nextRetryDelay, 7_000);
    assert.equal(failureOf(new BowlineError('Throttled', 'put: 503')).nextRetryDelay, undefined);
  });

  it('has an error of unknown kind repeated, as Unexpected', () => {
    for (const [error, message] of [
      [new Error('boom'), 'boom'],
      ['boom', 'boom'],
      [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'connect'],
    ] as const) {
      const failure = failureOf(error);
      assert.deepEqual([failure.type, failure.nonRetryable, failure.message], ['Unexpected', false, message]);
    }
  });

  it('leaves failures and cancellations as they are', () => {
    for (const failure of [notYet('snapshot is 3 % done', 5_000), new CancelledFailure('cancelled')])
      assert.equal(toFailure(failure), failure);
  });
});

describe('notYet', () => {
  it('is repeated after the delay given, and counted nowhere', () => {
    const { type, nonRetryable, nextRetryDelay, category } = notYet('snapshot is 3 % done', 5_000);
    assert.deepEqual([type, nonRetryable, nextRetryDelay], ['Pending', false, 5_000]);
    assert.equal(category, ApplicationFailureCategory.BENIGN);
  });
});

describe('invalidSpec', () => {
  it('tells all problems at once, in its message and its details', () => {
    const { type, nonRetryable, message, details } = invalidSpec(['name: missing', 'spec: missing']);
    assert.deepEqual([type, nonRetryable, message], ['InvalidSpec', true, 'name: missing; spec: missing']);
    assert.deepEqual(details, [['name: missing', 'spec: missing']]);
  });
});
