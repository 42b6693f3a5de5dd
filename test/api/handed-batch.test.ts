import assert from 'node:assert/strict';
import {
  handedActivityId,
  isHandedActivity,
  mostContent,
  readBatchAnswer,
  type HandedBatch,
} from '../../src/api/handed-batch.ts';

const sha256 = 'a'.repeat(64);
const handed: HandedBatch = {
  version: 1,
  kind: 'BackupItemAction',
  action: 'example.com/label',
  run: { kind: 'backup', name: 'nightly', uid: 'uid' },
  items: 2,
  batch: { location: 'default', provider: 'aws', bucket: 'b', key: 'staging/handed-1', sha256, bytes: 7 },
  answerPrefix: 'staging/answer-',
};
const usable = { key: 'staging/answer-12', sha256, bytes: 0 };

describe('readBatchAnswer', () => {
  it('takes the key of an attempt, with digest and size, and nothing beside them', () => {
    assert.deepEqual(readBatchAnswer({ ...usable, items: [1, 2, 3] }, handed), usable);
  });

  it('takes content where content was handed over, and nothing beside it', () => {
    assert.deepEqual(readBatchAnswer({ ...usable, content: 'aGk=' }, { ...handed, content: '' }), { content: 'aGk=' });
  });

  const noKey = 'it answered without a "key" that is answerPrefix and the number of its attempt';
  const noDigest = 'it answered without a "sha256" in lower-case hex';
  const noBytes = 'it answered without "bytes", the size of what it wrote';
  const refused: readonly [string, unknown, string][] = [
    ['nothing', undefined, 'it answered with undefined; expected an object'],
    ['null', null, 'it answered with null; expected an object'],
    ['text', 'staging/answer-1', 'it answered with string; expected an object'],
    ['a list', [usable], 'it answered with a list; expected an object'],
    ['an empty object', {}, noKey],
    ['content that was not asked for', { content: 'aGk=' }, noKey],
    ['a key elsewhere', { ...usable, key: 'staging/batch-1' }, noKey],
    ['the prefix alone', { ...usable, key: 'staging/answer-' }, noKey],
    ['a key below the prefix', { ...usable, key: 'staging/answer-1/2' }, noKey],
    ['an attempt that was never made', { ...usable, key: 'staging/answer-0' }, noKey],
    ['a key without end', { ...usable, key: `staging/answer-${'1'.repeat(2_000_000)}` }, noKey],
    ['a number for a key', { ...usable, key: 1 }, noKey],
    ['a digest in capitals', { ...usable, sha256: sha256.toUpperCase() }, noDigest],
    ['no digest', { ...usable, sha256: undefined }, noDigest],
    ['no size', { ...usable, bytes: '7' }, noBytes],
    ['a negative size', { ...usable, bytes: -1 }, noBytes],
    ['part of a byte', { ...usable, bytes: 0.5 }, noBytes],
    [
      'what can not be read',
      { unreadable: 'x'.repeat(101) },
      `it answered in an encoding that can't be read (${'x'.repeat(100)})`,
    ],
  ];
  for (const [what, answer, failure] of refused)
    it(`refuses ${what}`, () => assert.deepEqual(readBatchAnswer(answer, handed), { failure }));

  it('refuses content that is too much, and a reference where content was handed over', () => {
    const failure = `it answered without "content" of at most ${mostContent} characters of base64`;
    for (const answer of [{ content: 'a'.repeat(mostContent + 1) }, { content: 7 }, usable])
      assert.deepEqual(readBatchAnswer(answer, { ...handed, content: '' }), { failure });
  });
});

describe('isHandedActivity', () => {
  it("knows another worker's activity by its id", () => {
    assert.ok(isHandedActivity({ type: 'activity', activityId: handedActivityId('action-7') }));
    for (const context of [undefined, { type: 'activity' }, { type: 'activity', activityId: '7' }])
      assert.ok(!isHandedActivity(context));
    assert.ok(!isHandedActivity({ type: 'workflow', activityId: handedActivityId('action-7') }));
  });
});
