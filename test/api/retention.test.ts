import assert from 'node:assert/strict';
import { formatRetention, parseRetention, retentionProblems } from '../../src/api/retention.ts';

describe('rules of retention', () => {
  for (const [text, retention] of [
    ['last-3', { last: 3 }],
    ['last-3.daily-7.weekly-4.monthly-12.yearly-10', { yearly: 10, monthly: 12, weekly: 4, daily: 7, last: 3 }],
  ] as const) {
    it(`are the value of a label: ${text}`, () => {
      assert.equal(formatRetention(retention), text);
      assert.deepEqual(parseRetention(text), retention);
      assert.match(text, /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
    });
  }

  for (const text of ['', 'last', 'last-0', 'last--1', 'hourly-3', 'last-3.last-4', 'last-3,daily-2', 'last-99999'])
    it(`are not read from ${JSON.stringify(text)}`, () => assert.equal(parseRetention(text), undefined));

  for (const { value, problems } of [
    { value: { last: 3 }, problems: [] },
    { value: {}, problems: [/^retention: expected at least one of last, daily/] },
    { value: null, problems: [/^retention: /] },
    {
      value: { hourly: 1, last: 0, daily: 1.5 },
      problems: [/^retention\.hourly: /, /^retention\.last: .*got 0$/, /^retention\.daily: /],
    },
  ]) {
    it(`that somebody gave are checked: ${JSON.stringify(value)}`, () => {
      const told = retentionProblems(value);
      assert.equal(told.length, problems.length, told.join('\n'));
      for (const [index, problem] of problems.entries()) assert.match(told[index]!, problem);
    });
  }
});
