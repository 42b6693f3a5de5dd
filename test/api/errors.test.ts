import assert from 'node:assert/strict';
import { BowlineError, errorCode, errorText, isPermanent, type ErrorCode } from '../../src/api/errors.ts';

const codes: Readonly<Record<ErrorCode, 'permanent' | 'transient'>> = {
  NotFound: 'permanent',
  AlreadyExists: 'permanent',
  AccessDenied: 'permanent',
  InvalidConfig: 'permanent',
  InvalidSpec: 'permanent',
  InvalidItem: 'permanent',
  Unsupported: 'permanent',
  CorruptBackup: 'permanent',
  ReadOnlyLocation: 'permanent',
  Conflict: 'transient',
  Expired: 'transient',
  Unavailable: 'transient',
  Throttled: 'transient',
  Interrupted: 'transient',
};

describe('BowlineError', () => {
  it('tells all that it was given', () => {
    const cause = new Error('socket hang up');
    const details = { cause, status: 503, detail: 'busy', retryAfterMs: 1_000, continueToken: 't' };
    const error = new BowlineError('Unavailable', 'get pods: no answer', details);
    const { name, code, message } = error;
    assert.deepEqual(
      { name, code, message },
      { name: 'BowlineError', code: 'Unavailable', message: 'get pods: no answer' },
    );
    for (const [key, value] of Object.entries(details)) assert.equal(error[key as keyof typeof details], value);
  });

  it('has no cause if it was given none', () => {
    assert.ok(!Object.hasOwn(new BowlineError('Conflict', 'patch a'), 'cause'));
  });
});

describe('isPermanent', () => {
  for (const [code, kind] of Object.entries(codes)) {
    it(`takes ${code} for a ${kind} fault`, () => {
      const error = new BowlineError(code as ErrorCode, 'message');
      assert.equal(errorCode(error), code);
      assert.equal(isPermanent(error), kind === 'permanent');
    });
  }

  it('goes by the code, not by the class', () => assert.ok(isPermanent({ code: 'NotFound' })));

  const foreign = { undefined, null: null, text: 'NotFound', 'an Error': new Error('NotFound') };
  const withCodes = { 'a code of Node': { code: 'ECONNRESET' }, 'a status': { code: 404 } };
  for (const [what, error] of Object.entries<unknown>({ ...foreign, ...withCodes })) {
    it(`takes ${what} for a passing fault`, () => {
      assert.equal(errorCode(error), undefined);
      assert.ok(!isPermanent(error));
    });
  }
});

describe('errorText', () => {
  it("adds the server's own words", () => {
    assert.equal(
      errorText(new BowlineError('InvalidItem', 'create a', { detail: 'name: too long' })),
      'create a: name: too long',
    );
    assert.equal(errorText(new BowlineError('InvalidItem', 'create a', { detail: '' })), 'create a');
  });

  it('reads whatever was thrown', () => {
    assert.deepEqual([new Error('a'), 'b', undefined, 7].map(errorText), ['a', 'b', 'undefined', '7']);
  });
});
