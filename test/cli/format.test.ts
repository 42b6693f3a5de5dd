import assert from 'node:assert/strict';
import { inListOrder, shortDuration, size, spanOfSeconds, timeFromNow } from '../../src/cli/format.ts';

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];

describe('format', () => {
  const durations: [number, string][] = [
    [0, '0s'],
    [59.9 * second, '59s'],
    [60 * second, '1m'],
    [59.9 * minute, '59m'],
    [60 * minute, '1h'],
    [23.9 * hour, '23h'],
    [24 * hour, '1d'],
    [364 * day, '364d'],
    [365 * day, '1y'],
  ];
  for (const [ms, expected] of durations) {
    it(`gives ${ms} ms as ${expected}`, () => assert.equal(shortDuration(ms), expected));
  }

  const now = new Date('2026-01-12T03:04:05Z');
  const times: [string | undefined, string][] = [
    ['2026-02-10T03:04:05Z', '29d'],
    ['2026-01-09T03:04:05Z', '3d ago'],
    ['2026-01-12T03:04:05Z', '0s'],
    ['never', 'n/a'],
    [undefined, 'n/a'],
  ];
  for (const [time, expected] of times) {
    it(`gives ${time} as ${expected} off`, () => assert.equal(timeFromNow(time, now), expected));
  }

  const spans: [number, string][] = [
    [0, '0s'],
    [59.6, '1m00s'],
    [185, '3m05s'],
    [7_620, '2h07m'],
  ];
  for (const [seconds, expected] of spans) {
    it(`gives ${seconds} seconds as ${expected}`, () => assert.equal(spanOfSeconds(seconds), expected));
  }

  const sizes: [number, string][] = [
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [12_897_485, '12.3 MiB'],
    [2 ** 60, '1048576.0 TiB'],
  ];
  for (const [bytes, expected] of sizes) {
    it(`gives ${bytes} bytes as ${expected}`, () => assert.equal(size(bytes), expected));
  }

  it("orders by name, and a schedule's backups from the newest", () => {
    const names = ['web', 'daily-20260101000000', 'daily-20260103000000', 'app', 'daily-20260102000000', 'daily'];
    assert.deepEqual(
      inListOrder(names.map((name) => ({ name }))).map(({ name }) => name),
      ['app', 'daily-20260103000000', 'daily-20260102000000', 'daily-20260101000000', 'daily', 'web'],
    );
  });
});
