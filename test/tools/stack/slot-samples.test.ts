import assert from 'node:assert/strict';
import { SlotSamples } from '../../../tools/stack/slot-samples.ts';

describe('slots held by waiting', () => {
  // One sample every quarter of a second: five make a second.
  const rows = [
    { title: 'are none where nothing waits', idle: [0, 0, 0, 0, 0, 0, 0, 0], expected: 0 },
    { title: 'are not those of activities that are about to end', idle: [3, 0, 5, 0, 2, 0, 4, 0], expected: 0 },
    { title: 'are those that are seen for a whole second', idle: [0, 2, 3, 2, 4, 7, 0, 0], expected: 2 },
    { title: 'are the most at any time', idle: [1, 1, 1, 1, 1, 6, 5, 5, 6, 7], expected: 5 },
    { title: 'are not known from less than a second', idle: [9, 9, 9], expected: 0 },
  ];
  for (const { title, idle, expected } of rows) {
    it(title, () => {
      let now = 0;
      const samples = new SlotSamples(
        () => idle[now / 250]!,
        () => now,
      );
      for (; now < idle.length * 250; now += 250) samples.take();
      assert.equal(samples.held(0, now), expected);
    });
  }

  it('are counted within a span only', () => {
    let now = 0;
    const samples = new SlotSamples(
      () => (now < 5_000 ? 9 : 1),
      () => now,
    );
    for (; now <= 10_000; now += 100) samples.take();
    assert.deepEqual([samples.held(0, 4_900), samples.held(5_000, 10_000)], [9, 1]);
  });
});
