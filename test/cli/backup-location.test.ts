import assert from 'node:assert/strict';
import { parse } from 'yaml';
import {
  BowlineError,
  type BackupLocationEntry,
  type ConformanceResult,
  type ConformanceStatus,
} from '../../src/client/index.ts';
import { runCli } from './fake-cli.ts';

const lastValidationTime = '2026-01-12T03:00:00Z';
const entries: readonly BackupLocationEntry[] = [
  {
    name: 'main',
    location: {
      name: 'main',
      provider: 'velero.io/aws',
      default: true,
      objectStorage: { bucket: 'backups', prefix: 'east' },
      config: { region: 'eu-west-1' },
    },
    status: { phase: 'Available', lastValidationTime },
  },
  {
    name: 'archive',
    location: { name: 'archive', provider: 'gcp', accessMode: 'ReadOnly', objectStorage: { bucket: 'old' } },
    status: {
      phase: 'Unavailable',
      lastValidationTime,
      message: 'list gs://old/: 403 forbidden',
      code: 'AccessDenied',
    },
  },
];
const configured = entries.map(({ name, location }) => ({ name, location }));
const table = [
  'NAME     PROVIDER       BUCKET/PREFIX  PHASE        LAST VALIDATED        ACCESS MODE  DEFAULT',
  'archive  gcp            old            Unavailable  2026-01-12T03:00:00Z  ReadOnly',
  'main     velero.io/aws  backups/east   Available    2026-01-12T03:00:00Z  ReadWrite    true',
  '',
].join('\n');

/** A terminal, and the first that is said on the side. */
function listener() {
  const { promise: heard, resolve } = Promise.withResolvers<string>();
  return { heard, terminal: { out: () => undefined, err: resolve, color: false } };
}

describe('backup-location get', () => {
  const backupLocations = { list: async () => entries };

  it("lists locations in Velero's columns", async () => {
    const { exitCode, out, err, closed } = await runCli(['backup-location', 'get'], { backupLocations });
    assert.deepEqual({ exitCode, out, err, closed }, { exitCode: 0, out: table, err: '', closed: true });
  });

  it('has them looked at first, if asked', async () => {
    const { out, err } = await runCli(['backup-location', 'get', '--validate'], {
      backupLocations: { validate: async () => entries },
    });
    assert.deepEqual([out, err], [table, '']);
  });

  it('says that it is still waiting', async () => {
    const { terminal, heard } = listener();
    const validate = async (): Promise<typeof entries> => {
      assert.equal(await heard, 'no answer yet: is a worker running?\n');
      return entries;
    };
    const args = ['backup-location', 'get', '--validate'];
    assert.equal((await runCli(args, { backupLocations: { validate } }, { terminal })).exitCode, 0);
  });

  it('says Unknown of what nobody has looked at', async () => {
    const { out } = await runCli(['backup-location', 'get', 'main'], {
      backupLocations: { list: async () => configured },
    });
    assert.match(out, /\nmain {2}velero.io\/aws {2}backups\/east {3}Unknown {2}Unknown {9}ReadWrite {4}true\n$/);
  });

  it('tells what is configured where Temporal is out of reach', async () => {
    const list = async (): Promise<never> => {
      throw new BowlineError('Unavailable', 'connect to Temporal at there: no answer within 5 s');
    };
    const { exitCode, out, err } = await runCli(['backup-location', 'get'], {
      backupLocations: { list, configured: () => configured },
    });
    assert.equal(exitCode, 0);
    assert.match(out, /\nmain .*Unknown/);
    assert.equal(err, 'what was found of them is not known: connect to Temporal at there: no answer within 5 s\n');
  });

  it('fails where Temporal refuses', async () => {
    const list = async (): Promise<never> => {
      throw new BowlineError('AccessDenied', 'look for validations: no');
    };
    assert.equal((await runCli(['backup-location', 'get'], { backupLocations: { list } })).exitCode, 1);
  });

  it('gives the objects of Velero, one or a list', async () => {
    const one = JSON.parse(
      (await runCli(['backup-location', 'get', 'main', '-o', 'json'], { backupLocations })).out,
    ) as object;
    assert.deepEqual(one, {
      apiVersion: 'velero.io/v1',
      kind: 'BackupStorageLocation',
      metadata: { name: 'main', namespace: 'velero' },
      spec: {
        provider: 'velero.io/aws',
        default: true,
        objectStorage: { bucket: 'backups', prefix: 'east' },
        config: { region: 'eu-west-1' },
      },
      status: { phase: 'Available', lastValidationTime },
    });
    const all = parse((await runCli(['backup-location', 'get', '-o', 'yaml'], { backupLocations })).out) as {
      kind: string;
      items: object[];
    };
    assert.equal(all.kind, 'BackupStorageLocationList');
    assert.deepEqual(all.items[1], one);
    assert.equal((await runCli(['backup-location', 'get', '-o', 'name'], { backupLocations })).out, 'archive\nmain\n');
  });

  it('names all that are not there', async () => {
    const { exitCode, err } = await runCli(['backup-location', 'get', 'a', 'main', 'b'], { backupLocations });
    assert.equal(exitCode, 1);
    assert.match(err, /^error: get backup locations: backup location a, b: not configured /);
  });
});

describe('backup-location validate', () => {
  const checks: ConformanceStatus['checks'] = [
    { title: 'a', outcome: 'passed' },
    { title: 'b', outcome: 'failed', message: 'expected 1\n\ngot \u001b[2J2' },
    { title: 'c', outcome: 'skipped', message: 'one before it could not be done' },
  ];

  function statusOf(count: number): ConformanceStatus {
    return {
      kind: 'Conformance',
      name: 'main',
      phase: 'InProgress',
      step: 'x',
      total: 3,
      checks: checks.slice(0, count),
    };
  }

  function resultOf(count: number): ConformanceResult {
    const [passed = 0, failed = 0, skipped = 0] = ['passed', 'failed', 'skipped'].map(
      (wanted) => checks.slice(0, count).filter(({ outcome }) => outcome === wanted).length,
    );
    return { name: 'main', url: 's3://backups/scratch/', passed, failed, skipped, checks: checks.slice(0, count) };
  }

  /** Checks that come so far, one status after the other, and then end. */
  function running(counts: readonly number[], result: ConformanceResult | Error, others: object = {}) {
    const handle = {
      taskQueue: 'bowline',
      async *watch() {
        for (const count of counts) yield statusOf(count);
      },
      async result() {
        if (result instanceof Error) throw result;
        return result;
      },
      ...others,
    };
    return { backupLocations: { checkConformance: async () => handle } };
  }

  it('tells each check as it ends, and exits with 0 if all have passed', async () => {
    const { exitCode, out } = await runCli(['backup-location', 'validate', 'main'], running([0, 1, 1], resultOf(1)));
    assert.deepEqual([exitCode, out], [0, 'passed   a\ns3://backups/scratch/: 1 passed, 0 failed, 0 skipped\n']);
  });

  it('exits with 1 if one has failed, and tells of what no status has told', async () => {
    const { exitCode, out } = await runCli(['backup-location', 'validate', 'main'], running([1], resultOf(3)));
    assert.equal(exitCode, 1);
    assert.equal(
      out,
      [
        'passed   a',
        'failed   b',
        '         expected 1',
        '         got 2',
        'skipped  c',
        '         one before it could not be done',
        's3://backups/scratch/: 1 passed, 1 failed, 1 skipped',
        '',
      ].join('\n'),
    );
  });

  it('gives the result as JSON', async () => {
    const { exitCode, out } = await runCli(
      ['backup-location', 'validate', 'main', '-o', 'json'],
      running([1], resultOf(3)),
    );
    assert.equal(exitCode, 1);
    assert.deepEqual(JSON.parse(out), resultOf(3));
  });

  it('says if no worker answers', async () => {
    const { terminal, heard } = listener();
    const client = running([], resultOf(1), {
      async *watch() {
        assert.equal(await heard, 'no worker answers on task queue bowline: the checks begin when one runs\n');
        yield statusOf(1);
      },
    });
    assert.equal((await runCli(['backup-location', 'validate', 'main'], client, { terminal })).exitCode, 0);
  });

  it('cancels the checks on Ctrl-C, waits for their end, and leaves the next Ctrl-C alone', async () => {
    let interrupt: (() => void) | undefined;
    let cancelled = 0;
    const stopped = new BowlineError('Interrupted', 'cancelled');
    const client = running([], stopped, {
      async *watch() {
        yield statusOf(1);
        interrupt?.();
      },
      cancel: async () => void cancelled++,
    });
    const { exitCode, out, err } = await runCli(['backup-location', 'validate', 'main'], client, {
      onInterrupt(listener) {
        interrupt = listener;
        return () => (interrupt = undefined);
      },
    });
    assert.deepEqual([exitCode, out, cancelled, interrupt], [1, 'passed   a\n', 1, undefined]);
    assert.match(err, /^Stopping the checks, and removing what they wrote\. .*\nerror: validate main: cancelled\n$/);
  });
});
