import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readTemporalProfile } from '../src/temporal-profile.ts';
import { createApplication, removeApplication } from './end-to-end/application.ts';
import { blocksOf, itsCommandsWork } from './support/document-commands.ts';
import { temporalServer } from './support/servers.ts';

const run = promisify(execFile);

/** What the documents call the backup of a time when a schedule was due. */
const nightly = { name: 'nightly-20260102030000', spec: { includedNamespaces: ['shop'] } };

for (const document of ['docs/migrate-from-velero.md', 'docs/disaster-recovery.md']) {
  describe(`the commands of ${document}`, function () {
    this.timeout(60_000);
    itsCommandsWork(document, document.slice('docs/'.length, -'.md'.length), async (environment) => {
      const { kubernetes, folder, run: backUp } = environment;
      await createApplication(kubernetes, 'shop', folder);
      const worker = environment.startWorker();
      await backUp('backup', nightly);
      await worker.kill();
      await removeApplication(kubernetes, 'shop');
    });
  });
}

describe('the profile of docs/temporal-cloud.md', () => {
  it('is what Bowline takes, once its commands have written it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bowline-profile-'));
    try {
      const { cli } = await temporalServer();
      const env = { TEMPORAL_CONFIG_FILE: join(folder, 'temporal.toml'), API_KEY: 'a-key' };
      const commands = blocksOf('docs/temporal-cloud.md', 'sh').at(-1)!;
      await run('bash', ['-ec', `temporal() { '${cli}' "$@"; }; ${commands}`], { env });
      assert.deepEqual(readTemporalProfile({ ...env, TEMPORAL_PROFILE: 'cloud' }), {
        address: 'eu-central-1.aws.api.temporal.io:7233',
        namespace: 'backups.a1b2c',
        apiKey: 'a-key',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
