import assert from 'node:assert/strict';
import { cronText, readCron } from '../../src/client/cron.ts';

describe('a schedule in the words of cron', () => {
  for (const { text, expressions, timeZone } of [
    { text: '0 3 * * *', expressions: ['0 3 * * * # 0 3 * * *'] },
    { text: '  0 */6 * * ?  ', expressions: ['0 */6 * * * # 0 */6 * * ?'] },
    { text: '0 3 * * MON-FRI', expressions: ['0 3 * * MON-FRI # 0 3 * * MON-FRI'] },
    { text: 'CRON_TZ=Europe/Berlin 0 3 * * *', expressions: ['0 3 * * * # 0 3 * * *'], timeZone: 'Europe/Berlin' },
    { text: 'TZ=UTC @daily', expressions: ['@daily # @daily'], timeZone: 'UTC' },
    { text: '@every 90m', expressions: ['@every 5400s # @every 90m'] },
    { text: '0 3 13 * 5', expressions: ['0 3 13 * * # 0 3 13 * 5', '0 3 * * 5 # 0 3 13 * 5'] },
    { text: '0 3 13 * */1', expressions: ['0 3 13 * */1 # 0 3 13 * */1'] },
  ]) {
    it(`(d.2) is read: ${text}`, () => {
      const { times, problems } = readCron(text);
      assert.deepEqual([times?.cronExpressions, times?.timeZone, problems], [expressions, timeZone, []]);
    });
  }

  for (const text of [
    '',
    '0 3 * *',
    '0 0 3 * * *',
    '@sometimes',
    '@every',
    '@every 5',
    '@every 10ms',
    '0 3 * * # * *',
    'TZ= 0 3 * * *',
  ])
    it(`(d.2) is refused, with what is expected: ${JSON.stringify(text)}`, () => {
      const { times, problems } = readCron(text);
      assert.equal(times, undefined);
      assert.match(problems.join(), /^schedule: expected /);
    });

  for (const [times, text] of [
    [{ calendars: [{ comment: '0 3 13 * 5' }, { comment: '0 3 13 * 5' }] }, '0 3 13 * 5'],
    [{ calendars: [{}] }, 'calendar'],
    [{ intervals: [{ every: 5_400_000 }] }, '@every 1h30m'],
    [{ intervals: [{ every: 21_600_000 }], calendars: [{ comment: '@daily' }] }, '@daily; @every 6h'],
    [{ intervals: [{ every: 45_000 }] }, '@every 45s'],
    [{}, ''],
  ] as const)
    it(`is told of times as Temporal has them: ${text || 'none'}`, () => assert.equal(cronText(times), text));
});
