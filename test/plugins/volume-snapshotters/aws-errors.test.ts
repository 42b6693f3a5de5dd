import assert from 'node:assert/strict';
import { BowlineError } from '../../../src/api/errors.ts';
import { ec2Error } from '../../../src/plugins/volume-snapshotters/aws-errors.ts';

function sdkError(name: string, status?: number, others: object = {}): Error {
  return Object.assign(new Error('in the words of the server'), {
    name,
    $metadata: { ...(status !== undefined && { httpStatusCode: status }) },
    ...others,
  });
}

const cases = [
  ['InvalidVolume.NotFound', 400, 'NotFound'],
  ['InvalidSnapshot.NotFound', 400, 'NotFound'],
  ['InvalidSnapshotID.Malformed', 400, 'NotFound'],
  ['UnauthorizedOperation', 403, 'AccessDenied'],
  ['AuthFailure', 401, 'AccessDenied'],
  ['OptInRequired', 401, 'AccessDenied'],
  ['RequestExpired', 400, 'AccessDenied'],
  ['CredentialsProviderError', undefined, 'AccessDenied'],
  ['IdempotentParameterMismatch', 400, 'AlreadyExists'],
  ['RequestLimitExceeded', 503, 'Throttled'],
  ['Throttling', 400, 'Throttled'],
  ['SnapshotCreationPerVolumeRateExceeded', 400, 'Throttled'],
  ['ConcurrentSnapshotLimitExceeded', 400, 'Throttled'],
  ['PendingSnapshotLimitExceeded', 400, 'Throttled'],
  ['VolumeInUse', 400, 'Conflict'],
  ['IncorrectState', 400, 'Conflict'],
  ['InsufficientVolumeCapacity', 500, 'Unavailable'],
  ['InternalError', 500, 'Unavailable'],
  ['ServiceUnavailable', 503, 'Unavailable'],
  ['SnapshotLimitExceeded', 400, 'Unsupported'],
  ['VolumeLimitExceeded', 400, 'Unsupported'],
  ['InvalidSnapshot.InUse', 400, 'Unsupported'],
  ['InvalidParameterValue', 400, 'Unsupported'],
  ['TimeoutError', undefined, 'Unavailable'],
  ['AbortError', undefined, 'Interrupted'],
] as const;

describe('ec2Error', () => {
  for (const [name, status, code] of cases)
    it(`gives ${[status, name].filter(Boolean).join(' ')} the code ${code}`, () => {
      const error = ec2Error('snapshot volume vol-1', sdkError(name, status));
      assert.deepEqual([error.code, error.status, error.detail], [code, status, 'in the words of the server']);
      assert.equal(error.message, `snapshot volume vol-1: ${[status, name].filter(Boolean).join(' ')}`);
    });

  it('names what the system says where no server answered; what can not be trusted is to be configured', () => {
    for (const [said, code] of [
      ['ECONNRESET', 'Unavailable'],
      ['DEPTH_ZERO_SELF_SIGNED_CERT', 'InvalidConfig'],
    ] as const) {
      const error = ec2Error('describe volume vol-1', sdkError('Error', undefined, { code: said }));
      assert.deepEqual([error.code, error.message], [code, `describe volume vol-1: ${said}`]);
    }
    assert.equal(ec2Error('describe', new Error('secret')).message, 'describe: no answer');
  });

  it('keeps the cause, and passes what is mapped already', () => {
    const cause = sdkError('InternalError', 500);
    assert.equal(ec2Error('describe', cause).cause, cause);
    const mapped = new BowlineError('NotFound', 'describe');
    assert.equal(ec2Error('describe', mapped), mapped);
  });
});
