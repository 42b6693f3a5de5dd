import assert from 'node:assert/strict';
import { Remembered } from '../../src/activities/remembered.ts';

describe('remembered values', () => {
  let read: string[];
  let values: Remembered<string | undefined>;

  beforeEach(() => {
    read = [];
    values = new Remembered(2);
  });

  function get(key: string, value: string | undefined = key): Promise<string | undefined> {
    return values.get(key, async () => {
      read.push(key);
      return value;
    });
  }

  it('are read once, whatever they are', async () => {
    assert.deepEqual([await get('a'), await get('a'), await get('a')], ['a', 'a', 'a']);
    await values.get('nothing', async () => undefined);
    assert.equal(await get('nothing'), undefined);
    assert.deepEqual(read, ['a']);
  });

  it('are dropped, the oldest first, when there are too many', async () => {
    for (const key of ['a', 'b', 'c', 'b', 'a']) await get(key);
    assert.deepEqual(read, ['a', 'b', 'c', 'a']);
  });

  it('are no failures', async () => {
    await assert.rejects(
      values.get('a', () => Promise.reject(new Error('not this time'))),
      /not this time/,
    );
    assert.equal(await get('a'), 'a');
  });
});
