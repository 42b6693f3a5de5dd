import assert from 'node:assert/strict';
import { addCounts, readCounts } from '../../tools/test-counts.ts';

describe('counts of tests', () => {
  const cases = [
    {
      title: 'the last line',
      report: 'ok\n3 passed, 1 failed, 2 skipped\n',
      expected: { passed: 3, failed: 1, skipped: 2 },
    },
    { title: 'no other line', report: '3 passed, 1 failed, 2 skipped\nand then it crashed\n', expected: undefined },
    { title: 'nothing in a report that was cut off', report: '', expected: undefined },
  ];
  for (const { title, report, expected } of cases) {
    it(`are read from ${title}`, () => assert.deepEqual(readCounts(report), expected));
  }

  it('of several reports are added up', () => {
    const counts = [
      { passed: 1, failed: 2, skipped: 3 },
      { passed: 10, failed: 20, skipped: 30 },
    ];
    assert.deepEqual(addCounts(counts), { passed: 11, failed: 22, skipped: 33 });
    assert.deepEqual(addCounts([]), { passed: 0, failed: 0, skipped: 0 });
  });
});
