import assert from 'node:assert/strict';
import type { BackupRequest } from '../../src/api/backup.ts';
import { connect, type BowlineClient, type ScheduleEntry } from '../../src/client/index.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { eventually, startStubWorker, type StubWorker } from './stub-worker.ts';

describe('schedules', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let worker: StubWorker;
  let bowline: BowlineClient;
  const never = '0 0 1 1 *';

  before(async () => {
    worker = await startStubWorker(folder);
    bowline = await connect(worker.config);
  });

  after(async () => {
    await bowline.close();
    await worker.stop();
  });

  async function until(name: string, isWanted: (entry: ScheduleEntry) => boolean): Promise<ScheduleEntry> {
    return eventually(() => bowline.schedules.get(name), isWanted);
  }

  it('are what was asked for', async () => {
    const template = { includedNamespaces: ['shop'], ttl: '72h0m0s' };
    const retention = { last: 3, daily: 7 };
    await bowline.schedules.create({
      name: 'asked',
      schedule: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      template,
      retention,
    });
    const { createdAt, next, ...entry } = await bowline.schedules.get('asked');
    assert.deepEqual(entry, {
      name: 'asked',
      schedule: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      template,
      retention,
      overlap: 'SKIP',
      paused: false,
      recent: [],
      running: [],
      skipped: 0,
      missed: 0,
    });
    assert.ok(Math.abs(Date.parse(createdAt) - Date.now()) < 60_000);
    assert.equal(next.length, 10);
    const hours = new Intl.DateTimeFormat('en', { hour: '2-digit', hour12: false, timeZone: 'Europe/Berlin' });
    for (const time of next) assert.equal(hours.format(new Date(time)), '03');
    const { policies } = await worker.temporal.schedule.getHandle(idOf('asked')).describe();
    assert.deepEqual([policies.catchupWindow, policies.pauseOnFailure], [86_400_000, false]);
  });

  function idOf(name: string): string {
    return `${worker.config.temporal.idPrefix}scheduled-backup/${name}`;
  }

  for (const [name, schedule] of [
    ['shorthand', '@weekly'],
    ['interval', '@every 6h'],
    ['either-day', '0 3 13 * 5'],
  ] as const) {
    it(`show their times again: ${schedule}`, async () => {
      await bowline.schedules.create({ name, schedule });
      assert.equal((await bowline.schedules.get(name)).schedule, schedule);
    });
  }

  it('take either day where two are given, as Velero does', async () => {
    const { next } = await bowline.schedules.get('either-day');
    const days = next.map((time) => new Date(time));
    assert.ok(days.every((day) => day.getUTCDate() === 13 || day.getUTCDay() === 5));
    assert.ok(days.some((day) => day.getUTCDate() !== 13));
  });

  it('are refused with all that is wrong, before anything is made', async () => {
    const definition = {
      name: 'Bad',
      schedule: 'now and then',
      template: { ttl: 'long', storageLocation: 'nowhere' },
      retention: {},
    };
    await assert.rejects(
      bowline.schedules.create(definition),
      (error: Error & { code: string; problems: string[] }) => {
        assert.equal(error.code, 'InvalidSpec');
        const [name, schedule, ttl, location, retention, ...others] = error.problems;
        assert.match(name ?? '', /^name: expected a DNS subdomain/);
        assert.match(schedule ?? '', /^schedule: expected five fields such as "0 3 \* \* \*"/);
        assert.match(ttl ?? '', /^spec\.ttl: /);
        assert.match(location ?? '', /^spec\.storageLocation: no location is named nowhere; known are: here, there$/);
        assert.match(retention ?? '', /^retention: /);
        assert.deepEqual(others, []);
        return true;
      },
    );
    const long = { name: 'n'.repeat(239), schedule: '@daily' };
    await assert.rejects(bowline.schedules.create(long), {
      code: 'InvalidSpec',
      message: /^name: expected at most 238/,
    });
  });

  it('are refused by Temporal where the numbers make no sense', async () => {
    await assert.rejects(bowline.schedules.create({ name: 'bad', schedule: '61 3 * * *' }), {
      code: 'InvalidSpec',
      message: 'create schedule bad: Minute is not in range [0-59]',
    });
    await assert.rejects(bowline.schedules.create({ name: 'bad', schedule: '@daily', timeZone: 'Moon/Base' }), {
      code: 'InvalidSpec',
    });
  });

  it('make backups that are named by their time and bear the schedule and its rules', async () => {
    await bowline.schedules.create({
      name: 'named',
      schedule: never,
      template: { ttl: '1h0m0s' },
      retention: { last: 2 },
    });
    await bowline.schedules.trigger('named');
    const { recent, lastBackup } = await until('named', (entry) => entry.recent.length > 0);
    const [{ backup, dueAt }] = recent as [ScheduleEntry['recent'][0]];
    assert.equal(backup, `named-${dueAt.slice(0, 19).replaceAll(/\D/g, '')}`);
    assert.equal(lastBackup, dueAt);
    const handle = worker.temporal.workflow.getHandle(`${worker.config.temporal.idPrefix}backup/${backup}`);
    await eventually(
      () => handle.describe().catch(() => undefined),
      (found) => found?.status.name === 'COMPLETED',
    );
    const { events } = await handle.fetchHistory();
    const [input] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const { name, spec } = JSON.parse(Buffer.from(input!.data!).toString()) as BackupRequest;
    const labels = { 'velero.io/schedule-name': 'named', 'velero.io/retention': 'last-2' };
    assert.deepEqual([name, spec], [backup, { ttl: '1h0m0s', metadata: { labels } }]);
  });

  it('make no second backup while one is running', async () => {
    await bowline.schedules.create({ name: 'waits', schedule: never });
    await bowline.schedules.trigger('waits');
    const { running } = await until('waits', (entry) => entry.running.length > 0);
    assert.match(running.join(), /^waits-\d{14}$/);
    await bowline.schedules.trigger('waits');
    const { skipped, recent } = await until('waits', (entry) => entry.skipped > 0);
    assert.deepEqual([skipped, recent.length], [1, 1]);
  });

  it('make one backup of several times that a backfill names, where none may overlap', async () => {
    await bowline.schedules.create({ name: 'waits-filled', schedule: '0,30 * * * *' });
    const [start, end] = [new Date('2026-01-01T00:00:01Z'), new Date('2026-01-01T02:40:00Z')];
    await bowline.schedules.backfill('waits-filled', { start, end });
    const { recent, skipped } = await until('waits-filled', (entry) => entry.skipped > 0);
    assert.deepEqual([recent.map(({ backup }) => backup), skipped], [['waits-filled-20260101003000'], 4]);
  });

  it('make up for each time that a backfill names, where the policy lets them', async () => {
    await bowline.schedules.create({ name: 'filled', schedule: '@hourly' });
    const [start, end] = [new Date('2026-01-01T00:30:00Z'), new Date('2026-01-01T03:30:00Z')];
    await bowline.schedules.backfill('filled', { start, end, overlap: 'ALLOW_ALL' });
    const { recent } = await until('filled', (entry) => entry.recent.length >= 3);
    assert.deepEqual(recent.map(({ backup }) => backup).sort(), [
      'filled-20260101010000',
      'filled-20260101020000',
      'filled-20260101030000',
    ]);
    await assert.rejects(bowline.schedules.backfill('filled', { start: end, end: start }), {
      code: 'InvalidSpec',
      message: /expected a start before the end/,
    });
  });

  it('are paused and go on, with what was said of it', async () => {
    await bowline.schedules.create({ name: 'resting', schedule: never }, { paused: true });
    assert.equal((await bowline.schedules.get('resting')).paused, true);
    await bowline.schedules.unpause('resting', 'the move is done');
    assert.partialDeepStrictEqual(await until('resting', ({ paused }) => !paused), { note: 'the move is done' });
    await bowline.schedules.pause('resting', 'a move');
    assert.partialDeepStrictEqual(await until('resting', ({ paused }) => paused), { note: 'a move' });
  });

  it('are changed, and stay paused', async () => {
    await bowline.schedules.create({ name: 'changed', schedule: never, retention: { last: 2 } }, { paused: true });
    await bowline.schedules.update('changed', (current) => ({
      ...current,
      schedule: '@daily',
      template: { ttl: '1h0m0s' },
    }));
    const { schedule, template, retention, paused } = await until('changed', (entry) => entry.schedule === '@daily');
    assert.deepEqual([template, retention, paused], [{ ttl: '1h0m0s' }, { last: 2 }, true], schedule);
    const bad = bowline.schedules.update('changed', (current) => ({ ...current, schedule: 'x' }));
    await assert.rejects(bad, { code: 'InvalidSpec', message: /^schedule: / });
  });

  it('are listed by name, without those of others', async () => {
    const entries = await eventually(
      () => bowline.schedules.list(),
      (found) => found.length >= 9,
    );
    const names = entries.map(({ name }) => name);
    assert.deepEqual(names, names.toSorted());
    assert.ok(names.includes('asked') && !names.some((name) => name.includes('/')));
  });

  it('go when they are deleted', async () => {
    await bowline.schedules.create({ name: 'going', schedule: never });
    await bowline.schedules.delete('going');
    await assert.rejects(bowline.schedules.get('going'), {
      code: 'NotFound',
      message: 'get schedule going: no schedule of that name',
    });
  });

  it('are not there, or are there already, in so many words', async () => {
    for (const call of ['get', 'pause', 'unpause', 'trigger', 'delete'] as const)
      await assert.rejects(bowline.schedules[call]('absent'), {
        code: 'NotFound',
        message: `${call} schedule absent: no schedule of that name`,
      });
    await assert.rejects(bowline.schedules.create({ name: 'asked', schedule: never }), {
      code: 'AlreadyExists',
      message: 'create schedule asked: there is one of that name: delete it first, or choose another name',
    });
  });

  it('that Bowline itself needs are set up once, and stay as they are then', async () => {
    const { idPrefix } = worker.config.temporal;
    const ids = [`${idPrefix}expire-backups`, `${idPrefix}validate-locations`];
    const states = async (): Promise<unknown[]> =>
      (await bowline.standingSchedules()).map(({ id, state, note }) => [id, state, note]);
    assert.deepEqual(
      await states(),
      ids.map((id) => [id, 'missing', undefined]),
    );
    const first = await bowline.setUp();
    assert.deepEqual(first, { searchAttributes: true, schedules: ids.map((id) => ({ id, isNew: true })) });
    const expiry = worker.temporal.schedule.getHandle(ids[0]!);
    await expiry.pause('by hand');
    assert.deepEqual(await states(), [
      [ids[0], 'paused', 'by hand'],
      [ids[1], 'active', undefined],
    ]);
    assert.deepEqual(
      (await bowline.setUp()).schedules,
      ids.map((id) => ({ id, isNew: false })),
    );
    const { state, action, info } = await expiry.describe();
    assert.deepEqual([state.paused, action.workflowType], [true, 'expireBackups']);
    assert.ok(info.nextActionTimes.every((time) => time.getUTCMinutes() === 0));
    const locations = await worker.temporal.schedule.getHandle(ids[1]!).describe();
    assert.equal(locations.action.workflowType, 'validateLocations');
    assert.ok(locations.info.nextActionTimes.every((time) => time.getUTCMinutes() % 15 === 0));
  });
});
