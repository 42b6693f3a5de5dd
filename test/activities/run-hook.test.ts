import assert from 'node:assert/strict';
import type { Info } from '@temporalio/activity';
import type { RanHook, RunHookInput } from '../../src/activities/run-hook.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { ExecOutcome } from '../../src/kubernetes/client.ts';
import type { RestoreItemAction } from '../../src/plugins/item-action.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const quiet = { stdout: '', stderr: '' };
const success: ExecOutcome = { ended: 'succeeded', exitCode: 0, ...quiet };

function pod(annotations: Record<string, string>) {
  return object('v1 Pod', 'shop/db', { metadata: { annotations }, spec: { containers: [{ name: 'main' }] } });
}

const annotated = pod({
  'pre.hook.backup.velero.io/command': '["freeze", "--secret"]',
  'pre.hook.backup.velero.io/timeout': '45s',
  'post.hook.backup.velero.io/command': 'thaw',
  'post.hook.backup.velero.io/on-error': 'Continue',
});

describe('runHook', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner();
  });

  async function backupInput(
    phase: 'pre' | 'post',
    { item = annotated, spec = {}, index = 0 }: { item?: typeof annotated; spec?: BackupSpec; index?: number } = {},
  ): Promise<RunHookInput> {
    const { run, plan } = await runner.prepareBackup(spec);
    const batch = await runner.batch([{ groupResource: 'pods', version: 'v1', item }]);
    return { run, plan, step: 'hook-1', batch, pod: { namespace: 'shop', name: 'db' }, phase, index };
  }

  const attempt = (input: RunHookInput, info: Partial<Info> = {}): Promise<RanHook> =>
    runner.run('runHook', input, { ...workflow('backup/nightly'), attempt: 1, ...info });

  function failing(code: 'Interrupted' | 'Unavailable' | 'Throttled' | 'NotFound' | 'AccessDenied'): void {
    runner.cluster.onExec = async () => {
      throw new BowlineError(code, 'exec in pods shop/db: no', { detail: 'said the server' });
    };
  }

  function logged({ report }: RanHook): string[] {
    return runner
      .lines(report, 'log')
      .map(({ level, message, error }) => [level, message, error].filter(Boolean).join(': '));
  }

  it("runs the command that lies with the pod, within the hook's own time", async () => {
    const asked: unknown[] = [];
    runner.cluster.onExec = async (...call) => {
      asked.push(call);
      return { ...success, stdout: 'frozen\n', stderr: 'slowly\n' };
    };
    const ran = await attempt(await backupInput('pre'));
    const [[ref, options]] = asked as [[object, Record<string, unknown>]];
    assert.deepEqual(ref, { namespace: 'shop', name: 'db' });
    const { signal, ...rest } = options;
    assert.ok(signal instanceof AbortSignal);
    assert.deepEqual(rest, { container: 'main', command: ['freeze', '--secret'], timeoutMs: 45_000 });
    assert.deepEqual([ran.failed, ran.stops], [false, false]);
    assert.deepEqual(logged(ran), [
      'info: pre hook annotation in container main wrote to stdout: frozen\n',
      'info: pre hook annotation in container main wrote to stderr: slowly\n',
      'info: Ran pre hook annotation in container main',
    ]);
  });

  it('warns of what it can not read of the annotations', async () => {
    runner.cluster.onExec = async () => success;
    const item = pod({ 'pre.hook.backup.velero.io/command': 'a', 'pre.hook.backup.velero.io/timeout': 'soon' });
    const { report, failed } = await attempt(await backupInput('pre', { item }));
    assert.deepEqual([failed, report.warnings], [false, 1]);
    assert.deepEqual(runner.complaints(report), [
      'warning pods/shop/db: Annotation pre.hook.backup.velero.io/timeout is no duration; the default is taken',
    ]);
  });

  it('takes the hook at its place among those of the spec', async () => {
    const pre = ['a', 'b'].map((command) => ({ exec: { command: [command] } }));
    const commands: unknown[] = [];
    runner.cluster.onExec = async (_pod, { command }) => {
      commands.push(command);
      return success;
    };
    const spec = { hooks: { resources: [{ name: 'both', pre }] } };
    await attempt(await backupInput('pre', { item: pod({}), spec, index: 1 }));
    assert.deepEqual(commands, [['b']]);
  });

  const outcomes: { title: string; outcome: ExecOutcome; error: string }[] = [
    {
      title: 'an exit code',
      outcome: { ended: 'failed', exitCode: 3, message: 'command terminated', ...quiet },
      error: 'exit code 3: command terminated',
    },
    {
      title: 'an exit code, with the command quoted: its arguments may hold a password',
      outcome: { ended: 'failed', exitCode: 3, message: 'error executing command [freeze --secret]', ...quiet },
      error: 'exit code 3: error executing command [freeze […]]',
    },
    {
      title: 'a program that is not there',
      outcome: { ended: 'failed', message: 'executable file not found', ...quiet },
      error: 'executable file not found',
    },
    {
      title: 'a time that is up',
      outcome: { ended: 'timedOut', ...quiet },
      error: 'timed out after 45 s; the command may go on',
    },
  ];
  for (const { title, outcome, error } of outcomes) {
    it(`a.5.5 counts a hook as failed for ${title}`, async () => {
      runner.cluster.onExec = async () => outcome;
      const ran = await attempt(await backupInput('pre'));
      assert.deepEqual([ran.failed, ran.stops, ran.report.errors], [true, true, 1]);
      assert.deepEqual(logged(ran), [`error: Error running pre hook annotation in container main: ${error}`]);
    });
  }

  it('says of a hook that may fail that nothing stops', async () => {
    runner.cluster.onExec = async () => ({ ended: 'failed', exitCode: 1, message: 'no', ...quiet });
    const ran = await attempt(await backupInput('post'));
    assert.deepEqual([ran.failed, ran.stops, ran.report.errors], [true, false, 1]);
  });

  it('a.5.3 sends nothing where a hook can only fail', async () => {
    const input = await backupInput('pre', {
      item: pod({ 'pre.hook.backup.velero.io/command': 'a', 'pre.hook.backup.velero.io/container': 'x' }),
    });
    runner.cluster.requests.length = 0;
    const ran = await attempt(input);
    assert.deepEqual(logged(ran), ['error: Error running pre hook annotation in container x: no such container']);
    assert.deepEqual(runner.cluster.requests, []);
  });

  for (const code of ['NotFound', 'AccessDenied'] as const) {
    it(`counts a hook as failed that is refused with ${code}`, async () => {
      failing(code);
      for (const phase of ['pre', 'post'] as const) {
        const ran = await attempt({ ...(await backupInput(phase)), step: phase });
        assert.equal(ran.failed, true);
        assert.match(logged(ran)[0]!, /exec in pods shop\/db: no: said the server$/);
      }
    });
  }

  describe('whose attempt was cut off', () => {
    const cutOff = new Promise<never>(() => undefined);

    /** Runs an attempt up to the command, which the next attempt finds begun. */
    async function begin(input: RunHookInput): Promise<void> {
      const begun = Promise.withResolvers<void>();
      runner.cluster.onExec = () => {
        begun.resolve();
        return cutOff;
      };
      void attempt(input);
      await begun.promise;
      runner.cluster.onExec = async () => success;
      runner.cluster.requests.length = 0;
    }

    it('counts as failed and is not repeated, before snapshots', async () => {
      const input = await backupInput('pre');
      await begin(input);
      const ran = await attempt(input, { attempt: 2 });
      assert.deepEqual([ran.failed, ran.stops], [true, true]);
      assert.deepEqual(logged(ran), [
        'error: Error running pre hook annotation in container main: an earlier attempt was cut off; it may have run, and is not repeated',
      ]);
      assert.deepEqual(runner.cluster.requests, []);
    });

    it('is run again, with a warning, after snapshots', async () => {
      const input = await backupInput('post');
      await begin(input);
      const ran = await attempt(input, { attempt: 2 });
      assert.equal(ran.failed, false);
      assert.deepEqual(logged(ran), [
        'warning: Running post hook annotation in container main again: an earlier attempt broke off, and may have run it',
        'info: Ran post hook annotation in container main',
      ]);
      assert.deepEqual(runner.cluster.requests, ['exec pods/shop/db main']);
    });

    it('is begun all the same by another Temporal run: a reset goes back behind it', async () => {
      const input = await backupInput('pre');
      await begin(input);
      const ran = await attempt(input, workflow('backup/nightly', '2-run'));
      assert.equal(ran.failed, false);
    });
  });

  for (const code of ['Unavailable', 'Throttled'] as const) {
    it(`is left to the next attempt, and then run, where nobody has taken the command (${code})`, async () => {
      const input = await backupInput('pre');
      failing(code);
      await assert.rejects(attempt(input), { type: code, nonRetryable: false });
      runner.cluster.onExec = async () => success;
      assert.equal((await attempt(input, { attempt: 2 })).failed, false);
    });
  }

  describe('whose connection breaks', () => {
    it('counts as failed, before snapshots', async () => {
      failing('Interrupted');
      assert.equal((await attempt(await backupInput('pre'))).failed, true);
    });

    it('is run again twice, after snapshots, and then counts as failed', async () => {
      const input = await backupInput('post');
      failing('Interrupted');
      await assert.rejects(attempt(input), { type: 'Interrupted', nonRetryable: false });
      await assert.rejects(attempt(input, { attempt: 2 }), { type: 'Interrupted' });
      assert.equal((await attempt(input, { attempt: 3 })).failed, true);
    });
  });

  it('runs the hook of a restored pod as actions have left it, in the namespace that it was restored into, once', async () => {
    const command = { 'post.hook.restore.velero.io/command': 'seed' };
    const action: RestoreItemAction = {
      name: 'example.com/change',
      appliesTo: {},
      execute: async ({ item: { metadata, ...rest } }) => ({
        updatedItem: {
          ...rest,
          metadata: { ...metadata, annotations: command },
          spec: { containers: [{ name: 'changed' }] },
        },
      }),
    };
    runner = new ActivityRunner({ restoreItemActions: [action] });
    await holdBackup(runner.store, 'nightly', []);
    const spec: RestoreSpec = { namespaceMapping: { shop: 'copy' } };
    const { run, plan } = await runner.prepareRestore(spec);
    const unpacked = await runner.batch([{ groupResource: 'pods', itemFromBackup: annotated }]);
    const { batch } = await runner.run('executeRestoreItemAction', {
      run,
      plan,
      step: 'action-1',
      action: action.name,
      batch: unpacked,
    });
    const input = { run, plan, step: 'hook-1', batch, pod: { namespace: 'shop', name: 'db' }, index: 0 };
    const ran = await attempt({ ...input, phase: 'restore' });
    assert.deepEqual(logged(ran), ['info: Ran restore hook annotation in container changed']);
    assert.deepEqual(runner.cluster.requests, ['exec pods/copy/db changed']);
    assert.equal((await attempt({ ...input, phase: 'restore' }, { attempt: 2 })).failed, true);
  });

  it('puts no command into a report, nor into a failure', async () => {
    runner.cluster.onExec = async () => success;
    const ran = await attempt(await backupInput('pre'));
    assert.doesNotMatch(JSON.stringify(runner.staged(ran.report)), /freeze|secret/);
    failing('Unavailable');
    await assert.rejects(
      attempt({ ...(await backupInput('pre')), step: 'other' }),
      (error: Error) => !/freeze|secret/.test(error.message),
    );
  });

  it('says clearly of a hook that is not there that it is not', async () => {
    await assert.rejects(attempt(await backupInput('pre', { index: 7 })), {
      type: 'NotFound',
      message: /^run hook 7 of shop\/db: staged-\d+ has none$/,
    });
  });
});
