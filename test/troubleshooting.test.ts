import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeProgramsFolder } from '../tools/stack/programs-folder.ts';
import { createApplication, removeApplication } from './end-to-end/application.ts';
import { createEnvironment, type Environment } from './end-to-end/environment.ts';
import { codeBlocks, missingLines } from './support/code-blocks.ts';
import { kubernetesServer, s3Server, temporalServer } from './support/servers.ts';
import { openTerminal, type Terminal } from './support/terminal.ts';

const document = readFileSync(fileURLToPath(new URL('../docs/troubleshooting.md', import.meta.url)), 'utf8');

/** The parts of the document that say what to type, by their titles. */
const parts = document
  .split(/^## /m)
  .slice(1)
  .map((text) => ({ title: text.split('\n')[0]!, blocks: codeBlocks(text) }))
  .filter(({ blocks }) => blocks.length > 0);

/** What brings about what a part tells of, where it does not come by itself. */
const troubles: Readonly<Record<string, (environment: Environment) => Promise<void>>> = {
  'A run does not get on': async ({ s3, start, temporal }) => {
    // The trouble before is over.
    (await s3Server()).createBucket('absent');
    const afterTheBeginning = /\/stuck\/staging\/[^/]+\/(?!plan-|prepare-)/;
    s3.add({ match: { method: 'PUT', path: afterTheBeginning }, fault: { type: 'refuse', status: 503 } });
    await start('backup', { name: 'stuck', spec: { includedNamespaces: ['shop'] } });
    const handle = temporal.workflow.getHandle('backup/stuck');
    for (;;) {
      const { raw } = await handle.describe();
      if (raw.pendingActivities?.some(({ lastFailure }) => lastFailure)) return;
      await sleep(100);
    }
  },
  'It says PartiallyFailed': async ({ api, run }) => {
    api.add({ match: { path: /configmaps/ }, fault: { type: 'refuse', status: 403 } });
    await run('backup', { name: 'partly', spec: { includedNamespaces: ['shop'] } });
  },
};

describe('docs/troubleshooting.md', function () {
  this.timeout(120_000);
  let environment: Environment;
  let terminal: Terminal;

  before(async () => {
    environment = await createEnvironment('troubles', {
      settings: ({ backupStorageLocations: [location] }) => ({
        backupStorageLocations: [
          location!,
          { ...location, name: 'archive', default: false, objectStorage: { bucket: 'absent' } },
        ],
      }),
    });
    const { folder, kubernetes, configuration } = environment;
    await createApplication(kubernetes, 'shop', folder);
    const programs = await makeProgramsFolder(join(folder, 'bin'));
    const { PATH, ...others } = process.env;
    terminal = openTerminal({
      cwd: folder,
      env: {
        ...others,
        PATH: `${programs}:${PATH}`,
        BOWLINE_CONFIG: configuration,
        KUBECONFIG: (await kubernetesServer()).kubeconfig,
        TEMPORAL_ADDRESS: (await temporalServer()).address,
      },
    });
  });
  after(async () => {
    terminal?.close();
    await removeApplication(environment.kubernetes, 'shop');
    await environment.stop();
  });

  for (const [index, { title, blocks }] of parts.entries()) {
    it(`shows what is seen: ${title}`, async () => {
      await troubles[title]?.(environment);
      const [commands, example] = blocks;
      assert.equal(commands!.info, 'sh');
      const printed = await terminal.type(commands!.code.replaceAll('--task-queue bowline', '--task-queue troubles'), {
        mayFail: true,
      });
      assert.deepEqual(missingLines(example?.code ?? '', printed), [], printed);
      for (const proxy of [environment.api, environment.s3]) proxy.clear();
      if (index === 0) environment.startWorker();
    });
  }

  it('brings about no trouble that the document does not tell of', () => {
    const titles = parts.map(({ title }) => title);
    assert.deepEqual(
      Object.keys(troubles).filter((title) => !titles.includes(title)),
      [],
    );
  });
});
