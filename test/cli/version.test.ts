import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { runCli } from './fake-cli.ts';

describe('version', () => {
  const packageFile = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

  it("is the package's, without asking anybody", async () => {
    const { exitCode, out } = await runCli(['version']);
    assert.equal(exitCode, 0);
    assert.equal(out, `Bowline ${version}\nBackup format 1.1.0\nNode ${process.versions.node}\n`);
  });

  it('is told as data', async () => {
    const { out } = await runCli(['version', '--output', 'json']);
    assert.deepEqual(JSON.parse(out), { bowline: version, backupFormat: '1.1.0', node: process.versions.node });
  });
});
