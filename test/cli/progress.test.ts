import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { progressLine, progressView, rateAndLeft } from '../../src/cli/progress.ts';
import { statusOf } from './fake-cli.ts';

const progress = { totalItems: 500, totalIsEstimate: true, doneItems: 120, resources: {} };

describe('progress', () => {
  it('tells phase, step and counts in one line', () => {
    const volumes = { attempted: 2, completed: 1, failed: 0 };
    assert.equal(
      progressLine(
        statusOf('InProgress', { progress, volumes, hooks: { attempted: 4, failed: 1 }, warnings: 3, errors: 1 }),
      ),
      'InProgress: collecting items; 120 of 500 or more items, 1 of 2 volumes, 4 hooks, 3 warnings, 1 errors',
    );
    assert.equal(progressLine(statusOf('New')), 'New: collecting items; 1 of 4 items');
    const paused = statusOf('InProgress', { pausedSince: '2026-01-12T03:04:00Z' });
    assert.equal(progressLine(paused), 'InProgress, paused since 2026-01-12T03:04:00Z: collecting items; 1 of 4 items');
  });

  const table: [number, number, number, string][] = [
    [120, 500, 10, '12/s, 32s left'],
    [3, 6, 2, '1.5/s, 2s left'],
    [10, 5, 1, '10/s, 0s left'],
    [0, 5, 10, ''],
    [5, 10, 0, ''],
  ];
  for (const [doneItems, totalItems, seconds, expected] of table) {
    it(`is ${expected || 'not told'} for ${doneItems} of ${totalItems} items in ${seconds} s`, () => {
      assert.equal(rateAndLeft({ ...progress, doneItems, totalItems }, seconds), expected);
    });
  }

  it('is a bar with rate and time left on a terminal', () => {
    const screen = Object.assign(new PassThrough(), { isTTY: true, columns: 200, cursorTo: () => true });
    const drawn = (): string => String(screen.read() ?? '');
    const view = progressView(
      { err: () => assert.fail('the bar is drawn, not printed'), screen: screen as unknown as NodeJS.WriteStream },
      () => new Date('2026-01-12T03:04:10Z'),
    );
    view.show(statusOf('InProgress', { progress }));
    view.end();
    const text = drawn();
    assert.match(text, /█{6}░{18} 24% {2}InProgress: collecting items; 120 of 500 or more items {2}12\/s, 32s left/);
  });
});
