import assert from 'node:assert/strict';
import { BowlineError } from '../../../src/api/errors.ts';
import { gcpError } from '../../../src/plugins/object-stores/gcp-errors.ts';

const cases = [
  [404, 'notFound', 'NotFound'],
  [416, 'requestedRangeNotSatisfiable', 'NotFound'],
  [412, 'conditionNotMet', 'AlreadyExists'],
  [401, 'authError', 'AccessDenied'],
  [403, 'forbidden', 'AccessDenied'],
  [403, 'retentionPolicyNotMet', 'AccessDenied'],
  [403, 'rateLimitExceeded', 'Throttled'],
  [429, 'rateLimitExceeded', 'Throttled'],
  [409, 'conflict', 'Conflict'],
  [400, 'invalid', 'Unsupported'],
  [408, 'uploadBrokenConnection', 'Unavailable'],
  [500, 'backendError', 'Unavailable'],
  [503, 'backendError', 'Unavailable'],
] as const;

/** The forms in which the SDK tells the same: of a call, of an upload, and of a read. */
function forms(status: number, reason: string): readonly unknown[] {
  const errors = [{ reason, message: 'in its words', domain: 'global' }];
  return [
    Object.assign(new Error('in its words'), { code: status, errors }),
    Object.assign(new Error('in its words'), {
      code: String(status),
      status,
      response: { data: { error: { errors } } },
    }),
    { status, response: { data: { error: { code: status, errors } } } },
  ];
}

describe('gcpError', () => {
  for (const [status, reason, ours] of cases)
    it(`gives ${status} ${reason} the code ${ours}`, () => {
      for (const cause of forms(status, reason)) {
        const error = gcpError('get gs://b/k', cause);
        assert.deepEqual([error.code, error.status], [ours, status]);
        assert.equal(error.message, `get gs://b/k: ${status} ${reason}`);
        assert.equal(error.cause, cause);
      }
    });

  const others = [
    {
      title: 'a key that the authority does not take',
      cause: {
        status: 400,
        response: { data: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } },
      },
      is: ['AccessDenied', 'get: 400 invalid_grant'],
    },
    {
      title: 'no credentials at all',
      cause: new Error('Could not load the default credentials. Browse to …'),
      is: ['AccessDenied', 'get: no credentials'],
    },
    {
      title: 'nobody who signs',
      cause: Object.assign(new Error('Cannot sign data without `client_email`.'), { name: 'SigningError' }),
      is: ['Unsupported', 'get: nobody who signs'],
    },
    {
      title: 'a right to sign that is missing',
      cause: Object.assign(new Error("Permission 'iam.serviceAccounts.signBlob' denied"), { name: 'SigningError' }),
      is: ['AccessDenied', 'get: no permission'],
    },
    {
      title: 'a connection that is refused',
      cause: Object.assign(new Error('request to http://x failed'), { code: 'ECONNREFUSED' }),
      is: ['Unavailable', 'get: ECONNREFUSED'],
    },
    {
      title: 'a certificate that nobody knows',
      cause: Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
      is: ['InvalidConfig', 'get: DEPTH_ZERO_SELF_SIGNED_CERT'],
    },
    { title: 'anything else', cause: new TypeError('x is not a function'), is: ['Unavailable', 'get: TypeError'] },
  ];
  for (const { title, cause, is } of others)
    it(`maps ${title}`, () => {
      const { code, message } = gcpError('get', cause);
      assert.deepEqual([code, message], is);
    });

  it('passes what is mapped already', () => {
    const mapped = new BowlineError('CorruptBackup', 'read b: cut off');
    assert.equal(gcpError('put', mapped), mapped);
  });
});
