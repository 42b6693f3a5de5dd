import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { putBackup, storeOf } from '../client/records.ts';
import { startStubWorker, type StubWorker } from '../client/stub-worker.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

describe('bowline as a process', () => {
  let folder: string;
  let worker: StubWorker;
  let configFile: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bowline-cli-'));
    worker = await startStubWorker(folder);
    configFile = join(folder, 'bowline.yaml');
    await writeFile(configFile, JSON.stringify(worker.config));
    await putBackup(await storeOf(worker.config, 'here'), 'shop-1');
  });

  after(async () => {
    await worker.stop();
    await rm(folder, { recursive: true });
  });

  async function bowline(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<{ exitCode: number; out: string; err: string }> {
    const { PATH, HOME } = process.env;
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [main, ...args], { env: { PATH, HOME, ...env } }, (_error, out, err) =>
        resolve({ exitCode: child.exitCode ?? -1, out, err }),
      );
    });
  }

  it('documents its exit codes', async () => {
    for (const args of [['--help'], ['backup', 'create', '--help']]) {
      const { exitCode, out, err } = await bowline(args);
      assert.deepEqual([exitCode, err], [0, '']);
      assert.match(out, /Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}3 .*PartiallyFailed/);
      assert.match(out, /--config <file>/);
    }
  });

  it('tells all problems of a configuration in one line', async () => {
    const file = join(folder, 'bad.yaml');
    await writeFile(file, 'temporal: {port: 1}\nbatch: {items: 0}\n');
    const { exitCode, err } = await bowline(['--config', file, 'backup', 'get']);
    assert.equal(exitCode, 2);
    assert.match(
      err,
      /^error: get backups: .*bad\.yaml: .*batch\.items: expected .*; temporal\.port: unknown key; .*\n$/,
    );
    assert.equal(err.split('\n').length, 2);
    const worked = await bowline(['worker', '--config', join(folder, 'absent.yaml')]);
    assert.equal(worked.exitCode, 2);
    assert.match(worked.err, /^error: run a worker: read .*absent\.yaml: ENOENT .*\n$/);
  });

  it('refuses what it does not know', async () => {
    const { exitCode, err } = await bowline(['backup', 'gat']);
    assert.equal(exitCode, 2);
    assert.match(err, /^error: unknown command 'gat'/);
  });

  const runs: [string, number, RegExp][] = [
    ['whole', 0, /^$/],
    ['partly', 3, /^$/],
    ['breaks', 1, /\nerror: back up breaks: the unforeseen\n$|^error: back up breaks: the unforeseen\n$/],
    ['invalid', 2, /^error: back up invalid: name: bad\nerror: back up invalid: spec\.ttl: bad\n$/],
  ];
  for (const [name, exitCode, expected] of runs) {
    it(`ends with ${exitCode} for the run ${name}`, async () => {
      const ran = await bowline(['backup', 'create', name, '--wait', '--config', configFile]);
      assert.equal(ran.exitCode, exitCode, ran.err);
      if (exitCode === 1 || exitCode === 2) assert.match(ran.err, expected);
      else assert.match(ran.out, /^Backup request .*\nBackup completed with status: .* \(2 items, /);
    });
  }

  it('reads a finished backup where Temporal is out of reach, without colours', async () => {
    const env = { BOWLINE_CONFIG: configFile, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const { exitCode, out } = await bowline(['backup', 'get', 'shop-1'], env);
    assert.equal(exitCode, 0);
    assert.match(out, /^NAME .*\nshop-1 {2}Completed {2}0 .*\n$/);
    const logs = await bowline(['backup', 'logs', 'shop-1'], env);
    assert.deepEqual([logs.exitCode, logs.out.includes('msg=hello')], [0, true]);
  });

  it('says in one line that Temporal does not answer, and how to mend it', async () => {
    const env = { BOWLINE_CONFIG: configFile, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const { exitCode, err } = await bowline(['backup', 'create', 'a'], env);
    assert.equal(exitCode, 1);
    assert.match(err, /^error: back up a: connect to Temporal at 127\.0\.0\.1:1: no answer within 5 s \(check .*\)\n$/);
    const debugged = await bowline(['backup', 'create', 'a'], { ...env, BOWLINE_DEBUG: '1' });
    assert.match(debugged.err, /\n +at /);
  });
});
