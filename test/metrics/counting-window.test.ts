import assert from 'node:assert/strict';
import { countingSince } from '../../src/metrics/counting-window.ts';

const day = 24 * 3_600_000;
const at = (text: string): Date => new Date(text);

describe('countingSince', () => {
  const cases: readonly [title: string, retention: number, now: string, since: string][] = [
    ['half a day for a retention of a day', day, '2026-01-02T11:59:59Z', '2026-01-02T00:00:00Z'],
    ['the other half of the day', day, '2026-01-02T12:00:00Z', '2026-01-02T12:00:00Z'],
    ['a day and a half for a retention of three', 3 * day, '2026-01-03T23:59:59Z', '2026-01-02T12:00:00Z'],
    ['a week, however long the retention', 90 * day, '2026-01-02T12:00:00Z', '2026-01-01T00:00:00Z'],
    ['a week for ever', 0, '2026-01-02T12:00:00Z', '2026-01-01T00:00:00Z'],
  ];
  for (const [title, retention, now, since] of cases) {
    it(`is the beginning of ${title}`, () =>
      assert.equal(new Date(countingSince(at(now), retention)).toISOString(), at(since).toISOString()));
  }

  it('never reaches back further than Temporal remembers', () => {
    for (let hour = 0; hour < 400; hour++) {
      const now = new Date(Date.UTC(2026, 0, 1, hour, 59, 59, 999));
      for (const retention of [day / 24, day, 3 * day, 30 * day])
        assert.ok(now.getTime() - countingSince(now, retention) <= retention / 2);
    }
  });
});
