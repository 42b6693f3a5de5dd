import assert from 'node:assert/strict';
import { BowlineError } from '../../src/api/errors.ts';
import { ActivityRunner } from '../support/activity-runner.ts';

const location = 'default';

describe('listLocations', () => {
  it('names all storage locations, in their order', async () => {
    assert.deepEqual(await new ActivityRunner().run('listLocations', undefined as never), ['default', 'vault']);
  });
});

describe('validateLocation', () => {
  let runner: ActivityRunner;

  beforeEach(() => (runner = new ActivityRunner()));

  async function hold(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await runner.store.putObject(key, new Uint8Array());
  }

  it('is content with an empty bucket', async () => {
    await runner.run('validateLocation', { location });
  });

  it('is content with all that Velero makes, and with objects at the top', async () => {
    const directories = ['backups', 'restores', 'restic', 'kopia', 'metadata', 'plugins'];
    await hold('readme.txt', ...directories.map((directory) => `${directory}/a/b`));
    await runner.run('validateLocation', { location });
  });

  it('names up to three other directories', async () => {
    await hold('backups/a/b', 'photos/1', 'music/1', 'backup/a');
    await assert.rejects(runner.run('validateLocation', { location }), {
      type: 'InvalidConfig',
      nonRetryable: true,
      message: 'list memory://bucket/: backup store contains invalid top-level directories: [backup music photos]',
    });
  });

  it('counts more than three', async () => {
    await hold('d/1', 'a/1', 'b/1', 'c/1');
    await assert.rejects(runner.run('validateLocation', { location }), {
      message: 'list memory://bucket/: backup store contains 4 invalid top-level directories: [a b c ...]',
    });
  });

  it('does not list what it could not open, and opens it anew each time', async () => {
    let opened = 0;
    const strict = new ActivityRunner({
      store: () => assert.fail('it was opened before'),
      async openStore(name) {
        opened++;
        throw new BowlineError('InvalidConfig', `open ${name}: ENOENT`);
      },
    });
    for (const _ of [1, 2])
      await assert.rejects(strict.run('validateLocation', { location }), {
        type: 'InvalidConfig',
        message: 'open default: ENOENT',
      });
    assert.equal(opened, 2);
  });

  it('is tried again after a fault that may pass', async () => {
    const away = new ActivityRunner({
      openStore: async () => {
        throw new BowlineError('Unavailable', 'open s3://b: ECONNREFUSED');
      },
    });
    await assert.rejects(away.run('validateLocation', { location }), { type: 'Unavailable', nonRetryable: false });
  });
});
