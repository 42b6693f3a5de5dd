import assert from 'node:assert/strict';
import { BowlineError } from '../../src/client/index.ts';
import { resultOf, runCli } from './fake-cli.ts';

describe('cancel', () => {
  const ends: readonly {
    title: string;
    result: () => Promise<unknown>;
    out?: RegExp;
    err?: RegExp;
    exitCode: number;
  }[] = [
    {
      title: 'says that the run has ended as it was asked to',
      result: () => Promise.reject(new BowlineError('Interrupted', 'cancelled')),
      out: /^Backup ended with status: Cancelled\.$/m,
      exitCode: 0,
    },
    {
      title: 'says so when the run was faster',
      result: async () => resultOf('Completed'),
      out: /^Backup ended with status: Completed\.$/m,
      exitCode: 0,
    },
    {
      title: 'fails when the run failed otherwise',
      result: () => Promise.reject(new BowlineError('Unavailable', 'put backup: no answer')),
      err: /put backup: no answer/,
      exitCode: 1,
    },
  ];
  for (const { title, result, out, err, exitCode } of ends) {
    it(`${title}, with --wait`, async () => {
      const cancelled: string[] = [];
      const run = async (name: string) => ({ cancel: async () => void cancelled.push(name), result });
      const ran = await runCli(['backup', 'cancel', 'shop', '--wait'], { backups: { run } });
      assert.deepEqual(cancelled, ['shop']);
      assert.match(ran.out, /^Request to cancel backup "shop" submitted successfully\.$/m);
      if (out) assert.match(ran.out, out);
      if (err) assert.match(ran.err, err);
      assert.equal(ran.exitCode, exitCode);
    });
  }

  it('returns at once without it, and knows restores, too', async () => {
    const run = async () => ({ cancel: async () => undefined, result: () => new Promise(() => undefined) });
    const ran = await runCli(['restore', 'cancel', 'back'], { restores: { run } });
    assert.equal(ran.out, 'Request to cancel restore "back" submitted successfully.\n');
    assert.equal(ran.exitCode, 0);
  });

  it('says that there is nothing to cancel', async () => {
    const run = () => Promise.reject(new BowlineError('NotFound', 'backup shop: it is not running'));
    const ran = await runCli(['backup', 'cancel', 'shop'], { backups: { run } });
    assert.match(ran.err, /backup shop: it is not running/);
    assert.equal(ran.exitCode, 1);
  });
});
