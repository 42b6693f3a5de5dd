import assert from 'node:assert/strict';
import { defaultPayloadConverter, type Payload, type SerializationContext } from '@temporalio/common';
import { handedActivityId } from '../../src/api/handed-batch.ts';
import { payloadConverter } from '../../src/workflows/payload-converter.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const theirs: SerializationContext = {
  type: 'activity',
  namespace: 'default',
  activityId: handedActivityId('action-1'),
  isLocal: false,
};

describe('payloadConverter', () => {
  it('converts as the usual one does', () => {
    for (const value of [{ a: [1, null, 'b'] }, 'text', undefined, null]) {
      const payload = payloadConverter.toPayload(value);
      assert.deepEqual(payload, defaultPayloadConverter.toPayload(value));
      assert.deepEqual(payloadConverter.fromPayload(payload, theirs), value);
    }
  });

  const unreadable: readonly [string, Payload, string][] = [
    [
      'of an unknown encoding',
      { metadata: { encoding: bytes('binary/encrypted') }, data: bytes('x') },
      'binary/encrypted',
    ],
    ['that is no JSON', { metadata: { encoding: bytes('json/plain') }, data: bytes('{') }, 'json/plain'],
    ['without an encoding', { data: bytes('x') }, 'none'],
    ['whose encoding is no text', { metadata: { encoding: new Uint8Array([0xff]) }, data: bytes('x') }, '\ufffd'],
  ];
  for (const [what, payload, encoding] of unreadable) {
    it(`makes something of another worker's payload ${what}, and throws at one of Bowline's own`, () => {
      assert.deepEqual(payloadConverter.fromPayload(payload, theirs), { unreadable: encoding });
      assert.throws(() => payloadConverter.fromPayload(payload));
      assert.throws(() => payloadConverter.fromPayload(payload, { ...theirs, activityId: '7' }));
    });
  }
});
