import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { slackText } from '../../src/activities/slack-text.ts';
import {
  notifiedKinds,
  notifiedPhases,
  type NotificationTarget,
  type RunNotification,
} from '../../src/api/notification.ts';
import { freePort } from '../../tools/stack/server.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { recordingServer, type Answer, type RecordingServer } from '../support/recording-server.ts';

const notification: RunNotification = {
  version: 1,
  id: 'Backup/1-run/PartiallyFailed',
  kind: 'Backup',
  name: 'nightly-1',
  uid: '1-run',
  phase: 'PartiallyFailed',
  schedule: 'nightly',
  location: 'default',
  items: 120,
  warnings: 1,
  errors: 2,
  volumes: { attempted: 3, completed: 2, failed: 1 },
  startTimestamp: '2026-01-02T03:04:05.000Z',
  endTimestamp: '2026-01-02T03:05:05.000Z',
};

function target(change: Partial<NotificationTarget>): NotificationTarget {
  return { name: 'ops', format: 'json', kinds: notifiedKinds, phases: notifiedPhases, ...change };
}

function send(to: Partial<NotificationTarget>): Promise<void> {
  const runner = new ActivityRunner({ config: { notifications: [target(to)] } });
  return runner.run('sendNotification', { target: 'ops', notification });
}

describe('selectNotifications', () => {
  const runner = new ActivityRunner({
    config: {
      notifications: [
        target({ name: 'all' }),
        target({ name: 'failures', phases: ['Failed', 'Cancelled'] }),
        target({ name: 'failed restores', phases: ['Failed'], kinds: ['Restore'] }),
      ],
    },
  });
  const cases = [
    { kind: 'Backup', phase: 'Completed', names: ['all'] },
    { kind: 'Backup', phase: 'Failed', names: ['all', 'failures'] },
    { kind: 'Deletion', phase: 'Cancelled', names: ['all', 'failures'] },
    { kind: 'Restore', phase: 'Failed', names: ['all', 'failures', 'failed restores'] },
  ] as const;
  for (const { kind, phase, names } of cases) {
    it(`names those who want to hear of a ${kind} that is ${phase}`, async () =>
      assert.deepEqual(await runner.run('selectNotifications', { kind, phase }), names));
  }
});

describe('sendNotification', () => {
  let answer: Answer = {};
  let server: RecordingServer;
  before(async () => void (server = await recordingServer(() => answer)));
  after(() => server.close());
  beforeEach(() => void (answer = {}));

  it('posts the notification as JSON, with its id, each time the same', async () => {
    for (let attempt = 0; attempt < 2; attempt++) {
      await send({ url: `${server.url}/hook?token=1` });
      const { method, url, headers, body } = server.requests.at(-1)!;
      assert.deepEqual([method, url], ['POST', '/hook?token=1']);
      assert.equal(headers['content-type'], 'application/json');
      assert.equal(headers['idempotency-key'], notification.id);
      assert.deepEqual(JSON.parse(body.toString()), notification);
    }
  });

  it('posts a text to Slack', async () => {
    await send({ url: server.url, format: 'slack' });
    assert.deepEqual(JSON.parse(server.requests.at(-1)!.body.toString()), { text: slackText(notification) });
  });

  it("sends a URL's user name and password as a header", async () => {
    await send({ url: server.url.replace('//', '//me:p%40ss@') });
    const { authorization } = server.requests.at(-1)!.headers;
    assert.equal(authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it('reads a URL from a file, each time anew', async () => {
    const urlFile = join(temporaryFolder(), 'url');
    for (const path of ['/one', '/two']) {
      writeFileSync(urlFile, `${server.url}${path}\n`);
      await send({ urlFile });
      assert.equal(server.requests.at(-1)!.url, path);
    }
  });

  it('follows no redirection', async () => {
    answer = { status: 302, headers: { location: `${server.url}/elsewhere` } };
    const sent = server.requests.length;
    await assert.rejects(send({ url: server.url }), { message: 'notify ops: 302', type: 'Unsupported' });
    assert.equal(server.requests.length, sent + 1);
  });

  const refusals: readonly [status: number, type: string, retried: boolean][] = [
    [408, 'Unavailable', true],
    [429, 'Throttled', true],
    [500, 'Unavailable', true],
    [503, 'Unavailable', true],
    [400, 'Unsupported', false],
    [401, 'AccessDenied', false],
    [403, 'AccessDenied', false],
    [404, 'NotFound', false],
    [410, 'NotFound', false],
  ];
  for (const [status, type, retried] of refusals) {
    it(`takes ${status} for ${type}, ${retried ? 'to be tried again' : 'for good'}`, async () => {
      answer = { status, body: 'no_service: secret' };
      await assert.rejects(send({ url: server.url }), {
        message: `notify ops: ${status}`,
        type,
        nonRetryable: !retried,
      });
    });
  }

  it('waits as long as it is asked to, and half a minute at the most', async () => {
    for (const [asked, delay] of [
      ['7', 7_000],
      ['3600', 30_000],
    ] as const) {
      answer = { status: 429, headers: { 'retry-after': asked } };
      await assert.rejects(send({ url: server.url }), { nextRetryDelay: delay });
    }
  });

  it('says nothing of the URL, whatever it fails with', async () => {
    const secret = 'T0KEN';
    const port = await freePort();
    answer = { status: 500, body: secret };
    const targets: readonly Partial<NotificationTarget>[] = [
      { url: `http://127.0.0.1:${port}/${secret}` },
      { url: `http://${secret}.invalid/` },
      { url: `http://${secret}:${secret}@127.0.0.1:${port}/` },
      { url: `${server.url}/${secret}` },
      { url: `ftp://${secret}` },
      { url: secret },
    ];
    for (const one of targets) {
      const failure = await send(one).then(
        () => assert.fail('sent'),
        (error: Error) => error,
      );
      assert.match(failure.message, /^notify ops: /);
      for (let error: unknown = failure; error instanceof Error; error = error.cause)
        assert.ok(!`${error.stack} ${JSON.stringify(error)}`.toLowerCase().includes(secret.toLowerCase()), error.stack);
    }
  });

  const unknown: readonly [title: string, to: Partial<NotificationTarget>, message: RegExp][] = [
    ['a variable that is not set', { unsetVariable: 'HOOK' }, /^notify ops: the variable HOOK is not set$/],
    ['a file that is not there', { urlFile: '/no/such/file' }, /^notify ops: read \/no\/such\/file: ENOENT$/],
    ['a name that the worker does not know', { name: 'other' }, /^notify ops: no notification of that name$/],
  ];
  for (const [title, to, message] of unknown) {
    it(`fails for good for ${title}`, () =>
      assert.rejects(send(to), { message, type: 'InvalidConfig', nonRetryable: true }));
  }
});

describe('slackText', () => {
  it('says what came of the run', () => {
    assert.equal(
      slackText(notification),
      ':warning: *Backup nightly-1*: PartiallyFailed\n' +
        'schedule nightly, location default, 120 items, 2 of 3 volumes, 1 failed, 1 warnings, 2 errors',
    );
  });

  it('says why a run failed, and lets nothing of it ring or be a link', () => {
    const { schedule: _, location: __, ...bare } = notification;
    const failureReason = `a <!channel>\n& ${'x'.repeat(2_000)}`;
    const volumes = { attempted: 0, completed: 0, failed: 0 };
    const [first, second, third = ''] = slackText({
      ...bare,
      name: '<@U1>',
      phase: 'Failed',
      volumes,
      failureReason,
    }).split('\n');
    assert.deepEqual([first, second], [':x: *Backup &lt;@U1&gt;*: Failed', '120 items, 1 warnings, 2 errors']);
    assert.ok(third.startsWith('> a &lt;!channel&gt; &amp; xxx') && third.endsWith('x…') && third.length < 1_100);
  });
});
