import assert from 'node:assert/strict';
import { mostContent } from '../../src/api/handed-batch.ts';
import { HistoryRoom } from '../../src/workflows/history-room.ts';

describe('HistoryRoom', () => {
  it('is over before contents and answers, each of them twice, make up half of what a history may hold', () => {
    const room = new HistoryRoom();
    const content = 'x'.repeat(mostContent);
    let characters = 0;
    while (room.isLeft) {
      room.take(content, content);
      characters += 4 * content.length;
    }
    assert.ok(characters > 20 * 1024 * 1024 && characters <= 25 * 1024 * 1024, String(characters));
  });

  it('is not needed for what does not come', () => {
    const room = new HistoryRoom();
    for (let times = 0; times < 1_000; times++) room.take(undefined, '');
    assert.ok(room.isLeft);
  });

  it('does one thing at a time, in order, and goes on after a failure', async () => {
    const room = new HistoryRoom();
    const story: string[] = [];
    const work = (name: string, fails = false) =>
      room.alone(async () => {
        story.push(`${name} begins`);
        await Promise.resolve();
        story.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const outcomes = await Promise.allSettled([work('a'), work('b', true), work('c')]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(story, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });
});
