import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { BowlineError, type ScheduleDefinition, type ScheduleEntry } from '../../src/client/index.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { fakeRun, resultOf, runCli, statusOf } from './fake-cli.ts';

const entry: ScheduleEntry = {
  name: 'nightly',
  schedule: '0 3 * * *',
  timeZone: 'UTC',
  template: { includedNamespaces: ['shop'], ttl: '72h0m0s', labelSelector: { matchLabels: { app: 'web' } } },
  retention: { last: 3, daily: 7 },
  overlap: 'SKIP',
  paused: false,
  createdAt: '2026-01-02T03:04:05Z',
  lastBackup: '2026-01-12T03:00:00Z',
  recent: [{ backup: 'nightly-20260112030000', dueAt: '2026-01-12T03:00:00Z', startedAt: '2026-01-12T03:00:01Z' }],
  running: ['nightly-20260112030000'],
  next: ['2026-01-13T03:00:00Z', '2026-01-14T03:00:00Z'],
  skipped: 1,
  missed: 2,
};

/** A client whose schedules tell what they were asked. */
function recorded(answers: Readonly<Record<string, unknown>> = {}) {
  const calls: unknown[][] = [];
  const schedules = new Proxy(
    {},
    {
      get:
        (_, verb: string) =>
        async (...args: unknown[]) => {
          calls.push([verb, ...args]);
          const answer = answers[verb];
          if (answer instanceof Error) throw answer;
          return answer;
        },
    },
  );
  return { calls, client: { schedules } };
}

describe('schedule create', () => {
  it("makes a schedule of Velero's flags and of our own", async () => {
    const { calls, client } = recorded();
    const { exitCode, out } = await runCli(
      [
        ...[
          'schedule',
          'create',
          'nightly',
          '--schedule',
          '0 3 * * *',
          '--ttl',
          '72h',
          '--include-namespaces',
          'shop,web',
        ],
        ...['--snapshot-volumes', '--labels', 'team=a', '--time-zone', 'Europe/Berlin', '--keep', 'last=3,daily=7'],
        ...['--overlap-policy', 'BUFFER_ONE', '--paused'],
      ],
      client,
    );
    assert.deepEqual([exitCode, out], [0, 'Schedule "nightly" created successfully.\n']);
    const template = {
      includedNamespaces: ['shop', 'web'],
      snapshotVolumes: true,
      ttl: '72h',
      metadata: { labels: { team: 'a' } },
    };
    const definition: ScheduleDefinition = {
      name: 'nightly',
      schedule: '0 3 * * *',
      template,
      timeZone: 'Europe/Berlin',
      retention: { last: 3, daily: 7 },
      overlap: 'BUFFER_ONE',
    };
    assert.deepEqual(calls, [['create', definition, { paused: true }]]);
  });

  it('takes the spec of a file, whose members flags override', async () => {
    const file = join(temporaryFolder(), 'spec.yaml');
    writeFileSync(file, 'ttl: 1h\nincludedNamespaces: [shop]\n');
    const { calls, client } = recorded();
    await runCli(['schedule', 'create', 'n', '--schedule', '@daily', '--spec', file, '--ttl', '2h'], client);
    const template = { ttl: '2h', includedNamespaces: ['shop'] };
    assert.deepEqual(calls, [['create', { name: 'n', schedule: '@daily', template }, { paused: false }]]);
  });

  it('prints the schedule as Velero has it, and makes none', async () => {
    const { calls, client } = recorded();
    const args = ['schedule', 'create', 'n', '--schedule', '@daily', '--time-zone', 'UTC', '--ttl', '2h', '-o', 'yaml'];
    const { out } = await runCli(args, client);
    assert.deepEqual(parse(out), {
      apiVersion: 'velero.io/v1',
      kind: 'Schedule',
      metadata: { name: 'n', namespace: 'velero' },
      spec: { schedule: '@daily', template: { ttl: '2h' }, paused: false },
    });
    assert.deepEqual(calls, []);
  });

  for (const { title, args, says } of [
    { title: 'no times', args: [], says: /required option '--schedule <times>' not specified/ },
    {
      title: 'rules that are none',
      args: ['--schedule', '@daily', '--keep', 'hourly=3'],
      says: /Expected rules such as last=3,daily=7/,
    },
    {
      title: 'a policy that is none',
      args: ['--schedule', '@daily', '--overlap-policy', 'x'],
      says: /Allowed choices are SKIP/,
    },
  ]) {
    it(`refuses ${title}`, async () => {
      const { exitCode, err } = await runCli(['schedule', 'create', 'n', ...args]);
      assert.equal(exitCode, 2);
      assert.match(err, says);
    });
  }

  it('tells of one that is there in one line, with how to mend it', async () => {
    const message = 'create schedule n: there is one of that name: delete it first, or choose another name';
    const { client } = recorded({ create: new BowlineError('AlreadyExists', message) });
    const { exitCode, err } = await runCli(['schedule', 'create', 'n', '--schedule', '@daily'], client);
    assert.deepEqual([exitCode, err], [1, `error: ${message}\n`]);
  });
});

describe('schedule update', () => {
  const { name, schedule, timeZone, overlap, template, retention, paused } = entry;
  const current = { name, schedule, timeZone, overlap, template, retention, paused };

  /** What the schedule would be, by what the client is asked. */
  async function updated(...args: string[]): Promise<object> {
    const { calls, client } = recorded();
    const { exitCode, out, err } = await runCli(['schedule', 'update', 'nightly', ...args], client);
    assert.deepEqual([exitCode, out, err], [0, 'Schedule "nightly" updated successfully.\n', '']);
    const [[verb, of, change] = []] = calls as [string, string, (entry: ScheduleEntry) => object][];
    assert.deepEqual([verb, of], ['update', 'nightly']);
    return change!(entry);
  }

  it('changes what the flags name, and nothing else', async () => {
    assert.deepEqual(await updated('--schedule', '@daily'), { ...current, schedule: '@daily' });
    assert.deepEqual(await updated('--ttl', '48h'), { ...current, template: { ...template, ttl: '48h' } });
    assert.deepEqual(await updated('--keep', 'weekly=4'), { ...current, retention: { weekly: 4 } });
    assert.deepEqual(await updated('--time-zone', 'Asia/Tokyo', '--overlap-policy', 'BUFFER_ONE'), {
      ...current,
      timeZone: 'Asia/Tokyo',
      overlap: 'BUFFER_ONE',
    });
  });

  it('can take the rules of retention away', async () => {
    const { retention: _, ...others } = current;
    assert.deepEqual(await updated('--no-keep'), others);
  });

  it("puts a file's spec in the place of the template, and flags over it", async () => {
    const file = join(temporaryFolder(), 'spec.yaml');
    writeFileSync(file, 'ttl: 1h\nincludedNamespaces: [web]\n');
    const made = await updated('--spec', file, '--ttl', '2h');
    assert.deepEqual(made, { ...current, template: { ttl: '2h', includedNamespaces: ['web'] } });
  });

  it('prints what it would be, and changes nothing', async () => {
    const { calls, client } = recorded({ get: { ...entry, paused: true } });
    const { out } = await runCli(['schedule', 'update', 'nightly', '--ttl', '1h', '-o', 'json'], client);
    assert.deepEqual((JSON.parse(out) as { spec: object }).spec, {
      schedule: '0 3 * * *',
      template: { ...template, ttl: '1h' },
      paused: true,
    });
    assert.deepEqual(calls, [['get', 'nightly']]);
  });

  it('refuses to change nothing', async () => {
    const { exitCode, err } = await runCli(['schedule', 'update', 'nightly'], recorded().client);
    assert.equal(exitCode, 2);
    assert.match(err, /^error: update schedule nightly: nothing to change: add one of the flags/);
  });
});

describe('schedule get', () => {
  const other: ScheduleEntry = { ...entry, name: 'hourly', timeZone: 'Europe/Berlin', template: {}, paused: true };
  const { lastBackup: _, ...fresh } = other;

  it("lists schedules in Velero's columns", async () => {
    const { client } = recorded({ list: [entry, fresh] });
    const { out } = await runCli(['schedule', 'get'], client);
    const [head, ...rows] = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    assert.deepEqual(head, [
      'NAME',
      'STATUS',
      'CREATED',
      'SCHEDULE',
      'BACKUP TTL',
      'LAST BACKUP',
      'SELECTOR',
      'PAUSED',
    ]);
    assert.deepEqual(rows, [
      [
        'hourly',
        'Enabled',
        '2026-01-02T03:04:05Z',
        'CRON_TZ=Europe/Berlin 0 3 * * *',
        '<none>',
        'n/a',
        '<none>',
        'true',
      ],
      ['nightly', 'Enabled', '2026-01-02T03:04:05Z', '0 3 * * *', '72h0m0s', '4m ago', 'app=web', 'false'],
    ]);
  });

  it('gives the object of Velero', async () => {
    const { client } = recorded({ get: entry });
    const { out } = await runCli(['schedule', 'get', 'nightly', '-o', 'json'], client);
    assert.deepEqual(JSON.parse(out), {
      apiVersion: 'velero.io/v1',
      kind: 'Schedule',
      metadata: { name: 'nightly', namespace: 'velero', creationTimestamp: '2026-01-02T03:04:05Z' },
      spec: { schedule: '0 3 * * *', template: entry.template, paused: false },
      status: { phase: 'Enabled', lastBackup: '2026-01-12T03:00:00Z' },
    });
  });

  it('gives names', async () => {
    const { client } = recorded({ list: [entry, other] });
    assert.equal((await runCli(['schedule', 'get', '-o', 'name'], client)).out, 'hourly\nnightly\n');
  });
});

describe('schedule describe', () => {
  it('tells what it makes, what came of it, and what comes next', async () => {
    const { client } = recorded({ get: { ...entry, note: 'a move' } });
    const { out } = await runCli(['schedule', 'describe', 'nightly'], client);
    for (const line of [
      /^Name: +nightly$/m,
      /^Paused: +false\nNote: +a move$/m,
      /^Schedule: +0 3 \* \* \*\nTime Zone: +UTC\nOverlap Policy: +SKIP$/m,
      /^Keep: +last=3, daily=7$/m,
      /^Backup Template:\n {2}Namespaces:\n {4}Included: +shop$/m,
      /^ {2}TTL: +72h0m0s$/m,
      /^Last Backup: +2026-01-12T03:00:00Z$/m,
      /^Recent:\n {2}- nightly-20260112030000, started 2026-01-12T03:00:01Z$/m,
      /^Running:\n {2}- nightly-20260112030000$/m,
      /^Next:\n {2}- 2026-01-13T03:00:00Z$/m,
      /^Skipped while one was running: +1\nMissed: +2$/m,
    ])
      assert.match(out, line);
  });

  it('gives JSON', async () => {
    const { client } = recorded({ get: entry });
    assert.deepEqual(JSON.parse((await runCli(['schedule', 'describe', 'nightly', '-o', 'json'], client)).out), entry);
  });
});

describe('schedules are changed', () => {
  for (const [verb, done] of [
    ['pause', 'paused'],
    ['unpause', 'unpaused'],
    ['trigger', 'triggered'],
  ] as const) {
    it(`by ${verb}, one after another`, async () => {
      const { calls, client } = recorded();
      const { out } = await runCli(['schedule', verb, 'a', 'b'], client);
      assert.deepEqual(calls, [
        [verb, 'a'],
        [verb, 'b'],
      ]);
      assert.equal(out, ['a', 'b'].map((name) => `Schedule "${name}" ${done} successfully.\n`).join(''));
    });
  }

  it('by backfill, between two times', async () => {
    const { calls, client } = recorded();
    const args = [
      '--from',
      '2026-01-01T00:00:00Z',
      '--to',
      '2026-01-02T00:00:00+01:00',
      '--overlap-policy',
      'BUFFER_ALL',
    ];
    const { exitCode } = await runCli(['schedule', 'backfill', 'a', ...args], client);
    const [start, end] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-01-01T23:00:00Z')];
    assert.deepEqual([exitCode, calls], [0, [['backfill', 'a', { start, end, overlap: 'BUFFER_ALL' }]]]);
    const bad = await runCli(
      ['schedule', 'backfill', 'a', '--from', 'yesterday', '--to', '2026-01-02T00:00:00Z'],
      client,
    );
    assert.equal(bad.exitCode, 2);
    assert.match(bad.err, /Expected a time such as 2026-01-02T03:04:05Z/);
  });

  it('by delete, once that is confirmed', async () => {
    const { calls, client } = recorded();
    const refused = await runCli(['schedule', 'delete', 'a'], client);
    assert.deepEqual(
      [refused.exitCode, refused.err],
      [2, 'error: delete schedule a: not confirmed: add --confirm to delete it\n'],
    );
    assert.deepEqual(calls, []);
    const { out } = await runCli(['schedule', 'delete', 'a', '--confirm'], client);
    assert.deepEqual([out, calls], ['Schedule "a" deleted successfully.\n', [['delete', 'a']]]);
  });
});

describe('backup create --from-schedule', () => {
  function withSchedule(): { requests: object[]; client: object } {
    const requests: object[] = [];
    const create = async (request: object) => {
      requests.push(request);
      return fakeRun([statusOf('InProgress')], resultOf('Completed'));
    };
    return { requests, client: { ...recorded({ get: entry }).client, backups: { create } } };
  }
  const labels = { 'velero.io/schedule-name': 'nightly', 'velero.io/retention': 'last-3.daily-7' };

  it('takes its template, and names the backup by the schedule and the time', async () => {
    const { requests, client } = withSchedule();
    const { exitCode, out } = await runCli(['backup', 'create', '--from-schedule', 'nightly'], client);
    assert.equal(exitCode, 0);
    assert.match(out, /^Backup request "nightly-20260112030405" submitted successfully\.$/m);
    assert.deepEqual(requests, [{ name: 'nightly-20260112030405', spec: { ...entry.template, metadata: { labels } } }]);
  });

  it('takes a name, and what flags say instead', async () => {
    const { requests, client } = withSchedule();
    await runCli(['backup', 'create', 'b', '--from-schedule', 'nightly', '--ttl', '1h', '--labels', 'team=a'], client);
    const metadata = { labels: { ...labels, team: 'a' } };
    assert.deepEqual(requests, [{ name: 'b', spec: { ...entry.template, ttl: '1h', metadata } }]);
  });

  it('is the one way to give no name, and takes no file', async () => {
    const unnamed = await runCli(['backup', 'create']);
    assert.deepEqual(
      [unnamed.exitCode, unnamed.err],
      [2, 'error: back up: no name is given: add one, or --from-schedule NAME\n'],
    );
    const both = await runCli(['backup', 'create', '--from-schedule', 'nightly', '--spec', 'x.yaml']);
    assert.match(both.err, /--from-schedule and --spec: expected one of the two/);
  });
});

describe('setup', () => {
  it('tells what was there, and what is new', async () => {
    const schedules = [
      { id: 'expire-backups', isNew: true },
      { id: 'validate-locations', isNew: false },
    ];
    const { exitCode, out } = await runCli(['setup'], { setUp: async () => ({ searchAttributes: true, schedules }) });
    assert.equal(exitCode, 0);
    assert.deepEqual(out.split('\n'), [
      'Schedule "expire-backups" created successfully.',
      'Schedule "validate-locations" is there already.',
      'Search attributes are registered.',
      '',
    ]);
  });

  it('says where search attributes could not be registered', async () => {
    const { exitCode, err } = await runCli(['setup'], {
      setUp: async () => ({ searchAttributes: false, schedules: [] }),
    });
    assert.equal(exitCode, 0);
    assert.match(err, /could not be registered/);
  });
});
