import assert from 'node:assert/strict';
import { concurrencyTexts, concurrencyProblems } from '../../src/api/concurrency.ts';

describe('a wish to change how much a run works on at the same time', () => {
  for (const wish of [{ batches: 1 }, { volumes: 500 }, { batches: 50, volumes: 1 }])
    it(`is fine: ${JSON.stringify(wish)}`, () => assert.deepEqual(concurrencyProblems(wish), []));

  const nothing = ['concurrency: expected batches or volumes, or both'];
  const refused: readonly (readonly [unknown, readonly string[]])[] = [
    [undefined, nothing],
    [null, nothing],
    [4, nothing],
    [[4], nothing],
    [{}, nothing],
    [{ batches: '4' }, ['batches: expected a whole number from 1 to 50']],
    [
      { batches: null, volumes: 1.5 },
      ['batches: expected a whole number from 1 to 50', 'volumes: expected a whole number from 1 to 500'],
    ],
    [
      { toString: 1, volumes: 501 },
      ['toString: unknown; expected batches or volumes', 'volumes: expected a whole number from 1 to 500'],
    ],
  ];
  for (const [wish, problems] of refused)
    it(`is refused: ${JSON.stringify(wish)}`, () => assert.deepEqual(concurrencyProblems(wish), problems));
});

describe('how much a run works on at the same time', () => {
  for (const [concurrency, texts] of [
    [{}, []],
    [{ batches: 8 }, ['8 batches']],
    [{ batches: 8, volumes: 20 }, ['8 batches', '20 volumes in each location']],
  ] as const)
    it(`is told of ${JSON.stringify(concurrency)}`, () => assert.deepEqual(concurrencyTexts(concurrency), texts));
});
