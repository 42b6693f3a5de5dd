import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseGoDuration } from '../../src/api/duration.ts';

const hour = 3_600_000;

/** As Go writes a duration of whole milliseconds. Source: Go `time.Duration.String`. */
function goDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 1_000) return `${ms}ms`;
  const [hours, minutes, seconds] = [Math.floor(ms / hour), Math.floor(ms / 60_000) % 60, (ms % 60_000) / 1_000];
  return `${hours > 0 ? `${hours}h` : ''}${ms >= 60_000 ? `${minutes}m` : ''}${seconds}s`;
}

describe('parseGoDuration', () => {
  const cases: readonly [string, number][] = [
    ['0', 0],
    ['-0', 0],
    ['+0', 0],
    ['0s', 0],
    ['720h0m0s', 720 * hour],
    ['1.5h', 1.5 * hour],
    ['1h30m', 1.5 * hour],
    ['30m1h', 1.5 * hour],
    ['1m1m', 120_000],
    ['.5s', 500],
    ['1.s', 1_000],
    ['10ms', 10],
    ['1000us', 1],
    ['1000µs', 1],
    ['1000μs', 1],
    ['1000000ns', 1],
    ['-30s', -30_000],
    ['+30s', 30_000],
    ['-1h30m', -1.5 * hour],
    ['2562047h47m', 2_562_047 * hour + 47 * 60_000],
  ];
  for (const [text, expected] of cases)
    it(`reads ${text} as ${expected} ms`, () => assert.equal(parseGoDuration(text) ?? NaN, expected || 0));

  const refused = [
    '',
    '1',
    '-',
    '+',
    '.',
    's',
    '.s',
    '1d',
    '1w',
    '1 h',
    ' 1h',
    '1h ',
    '1H',
    '1h-1m',
    '--1h',
    '1e3s',
    'P1D',
    '1,5h',
  ];
  const tooLong = ['2562048h', '-2562048h', '9223372037s', '999999999999h', `${'9'.repeat(400)}h`];
  for (const text of [...refused, ...tooLong])
    it(`takes ${JSON.stringify(text.slice(0, 30))} for none`, () => assert.equal(parseGoDuration(text), undefined));

  it('undoes what Go writes', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), (ms) => {
        const read = parseGoDuration(goDuration(ms));
        assert.ok(read !== undefined && Math.abs(read - ms) < 0.001, `${goDuration(ms)} is ${read}`);
      }),
    );
  });

  it('adds the parts up, and turns the whole around for a minus', () => {
    const part = fc
      .tuple(fc.nat(1_000), fc.constantFrom('ms', 's', 'm', 'h'))
      .map(([amount, unit]) => `${amount}${unit}`);
    fc.assert(
      fc.property(part, part, (a, b) => {
        const sum = (parseGoDuration(a) ?? NaN) + (parseGoDuration(b) ?? NaN);
        assert.equal(parseGoDuration(a + b), sum);
        assert.ok(parseGoDuration(`-${a}${b}`) === (sum === 0 ? 0 : -sum));
      }),
    );
  });
});
