import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { removeApplication } from '../end-to-end/application.ts';
import { createEnvironment, type Environment } from '../end-to-end/environment.ts';
import { codeBlocks } from './code-blocks.ts';
import { temporalServer } from './servers.ts';
import { shellWords } from './shell-words.ts';

const run = promisify(execFile);

/** The code blocks of a language in a document, which is named from the root. */
export function blocksOf(document: string, language: string): string[] {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8');
  return codeBlocks(text).flatMap(({ info, code }) => (info === language ? [code] : []));
}

/**
 * An environment, and the commands of a document as tests in it, in their order; the cluster is the run's, and has the application `shop`
 * meanwhile. `prepare` comes before its worker, `begin` after.
 */
export function itsCommandsWork(
  document: string,
  name: string,
  prepare: (made: Environment) => Promise<unknown>,
  begin: (made: Environment) => Promise<unknown> = async () => undefined,
): () => Environment {
  let environment: Environment;

  before(async () => {
    environment = await createEnvironment(name);
    await prepare(environment);
    environment.startWorker();
    await begin(environment);
  });

  after(async () => {
    // They belong to the whole Temporal server, and would go on for other tests.
    for (const id of ['expire-backups', 'validate-locations', 'scheduled-backup/nightly'])
      await environment.temporal.schedule
        .getHandle(id)
        .delete()
        .catch(() => undefined);
    await removeApplication(environment.kubernetes, 'shop');
    await environment.stop();
  });

  const commands = blocksOf(document, 'sh').flatMap((block) => block.trim().split('\n'));
  for (const command of commands.filter((line) => line.startsWith('bowline '))) {
    it(`works: ${command}`, async () => {
      const { code, text } = await environment.bowline(...shellWords(command).slice(1));
      assert.equal(code, 0, text);
    });
  }

  for (const command of commands.filter((line) => line.startsWith('temporal '))) {
    it(`works: ${command}`, async () => {
      const { cli, address } = await temporalServer();
      const args = shellWords(command)
        .slice(1)
        .map((word) => (word === 'bowline' ? environment.name : word));
      const { stdout } = await run(cli, [...args, '--address', address]);
      assert.doesNotMatch(stdout, /FAILED/);
    });
  }
  return () => environment;
}
