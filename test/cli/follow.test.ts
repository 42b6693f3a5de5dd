import assert from 'node:assert/strict';
import { BowlineError, RunError } from '../../src/client/index.ts';
import { fakeRun, resultOf, runCli, statusOf } from './fake-cli.ts';

const invalid = new RunError('InvalidSpec', ['name: bad', 'spec.ttl: bad'], { message: 'all', cause: undefined });
const create = ['backup', 'create', 'shop'];

function creating(...run: Parameters<typeof fakeRun>): { backups: object; requests: unknown[] } {
  const requests: unknown[] = [];
  const start = async (request: unknown): Promise<unknown> => (requests.push(request), fakeRun(...run));
  return { backups: { create: start, delete: start }, requests };
}

describe('create', () => {
  it('ends once the run is past validation, and prints how to follow it', async () => {
    const { requests, ...client } = creating([statusOf('New'), statusOf('InProgress')]);
    const ran = await runCli([...create, '--include-namespaces', 'shop'], client);
    assert.deepEqual(ran, {
      exitCode: 0,
      out:
        'Backup request "shop" submitted successfully.\n' +
        'Run `bowline backup describe shop` or `bowline backup logs shop` for more details.\n',
      err: '',
      closed: true,
    });
    assert.deepEqual(requests, [{ name: 'shop', spec: { includedNamespaces: ['shop'] } }]);
  });

  it('tells everything that is wrong with a request, one problem a line', async () => {
    for (const args of [create, [...create, '--wait']]) {
      const { exitCode, out, err } = await runCli(args, creating([statusOf('New'), statusOf('Failed')], invalid));
      assert.deepEqual(
        [exitCode, out, err],
        [2, '', 'error: back up shop: name: bad\nerror: back up shop: spec.ttl: bad\n'],
      );
    }
  });

  it('says that no worker answers, and that the run is started', async () => {
    const { exitCode, err } = await runCli(create, creating([]));
    assert.equal(exitCode, 0);
    assert.equal(err, 'no worker answers on task queue bowline: the backup is started, and begins when one runs\n');
  });

  it('says that the request is still being validated, and what stands in the way', async () => {
    const { exitCode, err } = await runCli(create, creating([statusOf('New')]));
    assert.equal(exitCode, 0);
    assert.equal(
      err,
      'the backup is started, and is still being validated\nit is tried again after: discover /api: no answer\n',
    );
  });

  const endings = [
    { phase: 'Completed', exitCode: 0 },
    { phase: 'PartiallyFailed', exitCode: 3 },
  ] as const;
  for (const { phase, exitCode } of endings) {
    it(`ends with ${exitCode} when it has waited for ${phase}`, async () => {
      const result = resultOf(phase, {
        bytes: 12_897_485,
        errors: 1,
        volumes: { attempted: 2, completed: 1, failed: 1 },
      });
      const statuses = [statusOf('InProgress'), statusOf('InProgress'), statusOf(phase)];
      const ran = await runCli([...create, '--wait'], creating(statuses, result));
      assert.equal(ran.exitCode, exitCode);
      assert.equal(
        ran.out.split('\n')[1],
        `Backup completed with status: ${phase} (4 items, 0 warnings, 1 errors, 1 of 2 volumes, 12.3 MiB, 14s).`,
      );
      assert.deepEqual(ran.err.split('\n').slice(1), [
        '2026-01-12T03:04:05Z InProgress: collecting items; 1 of 4 items',
        `2026-01-12T03:04:05Z ${phase}: collecting items; 1 of 4 items`,
        '',
      ]);
    });
  }

  it('ends with 1 when the run it has waited for fails, and when it can not be started', async () => {
    const failed = new RunError('Interrupted', ['cancelled'], { message: 'cancelled', cause: undefined });
    const ran = await runCli([...create, '--wait'], creating([statusOf('InProgress')], failed));
    assert.equal(ran.exitCode, 1);
    assert.equal(ran.err.split('\n').at(-2), 'error: back up shop: cancelled');
    const refuse = async (): Promise<never> => {
      throw new BowlineError('AlreadyExists', 'start backup/shop: it is running already');
    };
    const refused = await runCli(create, { backups: { create: refuse } });
    assert.deepEqual(
      [refused.exitCode, refused.err],
      [1, 'error: back up shop: start backup/shop: it is running already\n'],
    );
  });

  it('shows no stack trace unless it debugs', async () => {
    const client = {
      backups: { create: () => Promise.reject(new Error('first\n  second', { cause: new Error('why') })) },
    };
    const { err } = await runCli(create, client);
    assert.equal(err, 'error: back up shop: first second\n');
    const { err: debugged } = await runCli(create, client, { debug: true });
    assert.match(debugged, /^error: back up shop: first second\nError: first\n[^]*\n +at [^]*caused by Error: why\n/);
  });
});

describe('delete', () => {
  it('wants to be confirmed, and then starts the deletion', async () => {
    const { requests, ...client } = creating([statusOf('Deleting')]);
    const unconfirmed = await runCli(['backup', 'delete', 'shop'], client);
    assert.equal(unconfirmed.exitCode, 2);
    assert.match(unconfirmed.err, /^error: delete backup shop: not confirmed: add --confirm .*\n$/);
    assert.deepEqual(requests, []);
    assert.equal((await runCli(['backup', 'delete', 'shop', '--confirm'], client)).exitCode, 0);
    assert.deepEqual(requests, ['shop']);
  });
});
