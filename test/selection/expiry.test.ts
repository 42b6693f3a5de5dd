import assert from 'node:assert/strict';
import { backupsToDelete, type DatedBackup } from '../../src/selection/expiry.ts';

const now = '2026-03-10T12:00:00Z';
const past = '2026-03-10T11:59:59Z';
const future = '2026-03-10T12:00:01Z';

/** A completed backup of the schedule `s` that has expired, begun at a time of which only the day is told. */
function backup(name: string, day: string, others: Partial<DatedBackup> = {}): DatedBackup {
  const start = day.length === 10 ? `${day}T03:00:00Z` : day;
  return { name, schedule: 's', phase: 'Completed', start, expiration: past, isMarked: false, ...others };
}

function due(backups: readonly DatedBackup[], removeLast = false): string[] {
  return backupsToDelete(backups, { now, removeLast }).due.map(({ name }) => name);
}

/** Without a schedule. */
function lone(name: string, others: Partial<DatedBackup> = {}): DatedBackup {
  const { schedule: _, ...made } = backup(name, '2026-03-01', others);
  return made;
}

describe('expiry', () => {
  it('(d.1) takes what has expired, whatever its phase, and nothing else', () => {
    const phases = ['Completed', 'PartiallyFailed', 'Failed', 'Finalizing'];
    assert.deepEqual(due(phases.map((phase) => lone(phase, { phase }))), phases.toSorted());
    assert.deepEqual(due([lone('a', { expiration: future })]), []);
    assert.deepEqual(due([lone('a', { expiration: now })]), ['a']);
    const { expiration: _, ...unlimited } = lone('a');
    assert.deepEqual(due([unlimited, lone('b', { expiration: 'never' })]), []);
  });

  it('takes the oldest first', () => {
    assert.deepEqual(
      due([lone('b', { start: '2026-03-02T00:00:00Z' }), lone('a', { start: '2026-03-03T00:00:00Z' })]),
      ['b', 'a'],
    );
  });

  it('takes again what is marked: its deletion may have failed', () => {
    assert.deepEqual(due([lone('a', { isMarked: true })]), ['a']);
  });

  const [old, newer] = [backup('old', '2026-03-01'), backup('newer', '2026-03-02')];
  const failed = backup('failed', '2026-03-09', { phase: 'Failed' });
  const partly = backup('partly', '2026-03-08', { phase: 'PartiallyFailed' });
  for (const { title, backups, taken } of [
    { title: 'the newest Completed one', backups: [old, newer], taken: ['old'] },
    {
      title: 'that one, though newer ones failed',
      backups: [old, newer, partly, failed],
      taken: ['old', 'partly', 'failed'],
    },
    { title: 'the newest PartiallyFailed one where none is Completed', backups: [partly, failed], taken: ['failed'] },
    { title: 'no failed one', backups: [failed], taken: ['failed'] },
    { title: 'none that is being deleted', backups: [old, { ...newer, isMarked: true }], taken: ['newer'] },
    { title: 'one of each schedule', backups: [old, newer, { ...old, name: 'other', schedule: 't' }], taken: ['old'] },
    {
      title: 'no expired one if a newer one is good',
      backups: [old, { ...newer, expiration: future }],
      taken: ['old'],
    },
  ]) {
    it(`leaves a schedule its last good backup: ${title}`, () => {
      assert.deepEqual(due(backups), taken);
      const all = backups.filter(({ expiration }) => expiration === past).map(({ name }) => name);
      assert.deepEqual(due(backups, true).toSorted(), all.toSorted());
    });
  }

  it('tells which ones it leaves for that', () => {
    assert.deepEqual(backupsToDelete([old, newer], { now, removeLast: false }).lastGood, ['newer']);
    assert.deepEqual(backupsToDelete([{ ...old, expiration: future }], { now, removeLast: false }).lastGood, []);
  });

  it('of random backups always leaves each schedule its newest Completed one', () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 0x7fffffff) % below;
    for (let round = 0; round < 300; round++) {
      const backups = Array.from({ length: random(12) }, (_, index) =>
        backup(`b${index}`, `2026-0${1 + random(3)}-${10 + random(18)}`, {
          schedule: 'st'[random(2)]!,
          phase: ['Completed', 'PartiallyFailed', 'Failed'][random(3)]!,
          expiration: random(3) === 0 ? future : past,
          ...(random(2) === 0 && { retention: ['last-1', 'daily-2', 'weekly-1.monthly-1', 'nonsense'][random(4)]! }),
        }),
      );
      const taken = due(backups);
      for (const schedule of ['s', 't']) {
        const good = backups.filter((one) => one.schedule === schedule && one.phase === 'Completed');
        const newest = good
          .map(({ start }) => start)
          .sort()
          .at(-1);
        assert.ok(
          good.length === 0 || good.some(({ name, start }) => start === newest && !taken.includes(name)),
          `round ${round}`,
        );
      }
    }
  });
});

describe('retention', () => {
  /** What stays of backups on these days, of which none has expired, by the rules of the newest. */
  function stays(retention: string, days: readonly string[]): string[] {
    const backups = days.map((day) => backup(day, day, { expiration: future, retention }));
    const taken = due(backups);
    return days.filter((day) => !taken.includes(day));
  }

  const everyDay = Array.from({ length: 70 }, (_, index) =>
    new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10),
  );
  for (const { rules, days, kept } of [
    { rules: 'last-2', days: everyDay, kept: ['2026-03-10', '2026-03-11'] },
    { rules: 'daily-2', days: ['2026-03-01', '2026-03-05', '2026-03-09'], kept: ['2026-03-05', '2026-03-09'] },
    { rules: 'daily-1', days: ['2026-03-09T01:00:00Z', '2026-03-09T23:00:00Z'], kept: ['2026-03-09T23:00:00Z'] },
    { rules: 'weekly-3', days: everyDay, kept: ['2026-03-01', '2026-03-08', '2026-03-11'] },
    { rules: 'monthly-9', days: everyDay, kept: ['2026-01-31', '2026-02-28', '2026-03-11'] },
    {
      rules: 'yearly-2',
      days: ['2024-12-31', '2025-01-01', '2025-12-31', '2026-01-01'],
      kept: ['2025-12-31', '2026-01-01'],
    },
    { rules: 'last-1.monthly-2', days: everyDay, kept: ['2026-02-28', '2026-03-11'] },
  ]) {
    it(`by ${rules} keeps ${kept.length} of ${days.length}`, () => assert.deepEqual(stays(rules, days), kept));
  }

  const rule = { retention: 'last-1' };
  it('decides alone about Completed backups: one that it keeps stays though it has expired', () => {
    assert.deepEqual(due([backup('a', '2026-03-01', rule), backup('b', '2026-03-02', rule)], true), ['a']);
    const both = { retention: 'last-2' };
    assert.deepEqual(due([backup('a', '2026-03-01', both), backup('b', '2026-03-02', both)], true), []);
  });

  it('counts Completed backups only; others stay until they expire', () => {
    const [partly, failed] = [
      backup('partly', '2026-03-03', { ...rule, phase: 'PartiallyFailed' }),
      backup('failed', '2026-03-04', { ...rule, phase: 'Failed', expiration: future }),
    ];
    assert.deepEqual(due([backup('a', '2026-03-01', rule), backup('b', '2026-03-02', rule), partly, failed]), [
      'a',
      'partly',
    ]);
  });

  it('is that of the newest backup, also where that has none any more', () => {
    const [first, second] = [backup('a', '2026-03-01', rule), backup('b', '2026-03-02', { expiration: future })];
    assert.deepEqual(due([{ ...first, expiration: future }, second]), []);
    assert.deepEqual(due([{ ...second, start: '2026-02-01T00:00:00Z' }, first]), ['b']);
  });

  it('that can not be read lets nothing of the schedule go, and is told', () => {
    const bad = [
      backup('a', '2026-03-01', { retention: 'last-x' }),
      backup('b', '2026-03-02', { retention: 'last-x' }),
    ];
    const verdict = backupsToDelete(bad, { now, removeLast: true });
    assert.deepEqual(verdict.due, []);
    assert.match(verdict.remarks.join(), /^schedule s: its rules of retention can't be read, .*: last-x$/);
  });
});
