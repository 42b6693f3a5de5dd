import assert from 'node:assert/strict';
import { BowlineError } from '../../src/client/index.ts';
import { SpecError } from '../../src/client/spec-error.ts';
import { runCli } from './fake-cli.ts';

describe('pause, resume and set-concurrency', () => {
  const pausedSince = '2026-01-12T03:04:00.000Z';

  for (const noun of ['backup', 'restore'] as const) {
    /** Runs a command line of this kind; `asked` is what the run was asked for. */
    async function steer(...args: string[]) {
      const asked: unknown[] = [];
      const handle = {
        async pause() {
          asked.push('pause');
          return { pausedSince };
        },
        async resume() {
          asked.push('resume');
          return {};
        },
        async setConcurrency(wish: object) {
          asked.push(wish);
          return { concurrency: { batches: 8, ...wish } };
        },
      };
      const runs = { run: async (name: string) => (name === 'shop' ? handle : assert.fail(name)) };
      return { ...(await runCli([noun, ...args], { [`${noun}s`]: runs })), asked };
    }

    it(`pauses a ${noun}, and says how it goes on`, async () => {
      const { out, exitCode, asked } = await steer('pause', 'shop');
      const title = noun === 'backup' ? 'Backup' : 'Restore';
      assert.equal(
        out,
        `${title} "shop" is paused since ${pausedSince}. \`bowline ${noun} resume shop\` lets it go on.\n`,
      );
      assert.deepEqual([exitCode, asked], [0, ['pause']]);
    });

    it(`lets a ${noun} go on`, async () => {
      const { out, exitCode, asked } = await steer('resume', 'shop');
      assert.match(out, /"shop" goes on\.\n$/);
      assert.deepEqual([exitCode, asked], [0, ['resume']]);
    });

    it(`sets how much a ${noun} works on, and leaves what is not named`, async () => {
      const { out, exitCode, asked } = await steer('set-concurrency', 'shop', '--volumes', '5');
      assert.match(out, /"shop" works on 8 batches and 5 volumes in each location at the same time from now on\.\n$/);
      assert.deepEqual([exitCode, asked], [0, [{ volumes: 5 }]]);
    });
  }

  it('sends what is no number as it is, for all that is wrong to be told at once', async () => {
    const problems = [
      'batches: expected a whole number from 1 to 50',
      'volumes: expected a whole number from 1 to 500',
    ];
    let asked: unknown;
    const run = async () => ({
      setConcurrency(wish: unknown) {
        asked = wish;
        return Promise.reject(new SpecError(problems));
      },
    });
    const args = ['backup', 'set-concurrency', 'shop', '--batches', 'many', '--volumes', '0'];
    const { err, exitCode } = await runCli(args, { backups: { run } });
    assert.deepEqual(asked, { batches: 'many', volumes: 0 });
    assert.equal(err, problems.map((problem) => `error: set the concurrency of backup shop: ${problem}\n`).join(''));
    assert.equal(exitCode, 2);
  });

  it('asks what to set', async () => {
    const run = async () => ({});
    const { err, exitCode } = await runCli(['backup', 'set-concurrency', 'shop'], { backups: { run } });
    assert.match(err, /nothing to set: add --batches COUNT or --volumes COUNT/);
    assert.equal(exitCode, 2);
  });

  it('says that there is nothing to pause', async () => {
    const run = () => Promise.reject(new BowlineError('NotFound', 'backup shop: it is not running'));
    const { err, exitCode } = await runCli(['backup', 'pause', 'shop'], { backups: { run } });
    assert.match(err, /backup shop: it is not running/);
    assert.equal(exitCode, 1);
  });
});
