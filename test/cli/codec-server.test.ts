import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../src/config.ts';
import { freePort } from '../../tools/stack/server.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { runCli } from './fake-cli.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

describe('bowline codec-server', () => {
  const folder = temporaryFolder();
  const [keyFile, shortToken] = [join(folder, 'keys'), join(folder, 'token')];
  const configuration = `temporal: { codec: { keyFile: '${keyFile}' } }`;
  before(() => {
    writeFileSync(keyFile, randomBytes(32).toString('base64'));
    writeFileSync(shortToken, 'short\n');
  });

  const refused: readonly [args: readonly string[], text: string, problem: RegExp][] = [
    [[], '', /temporal\.codec\.keyFile: missing/],
    [['--listen', '8082'], configuration, /--listen: expected a host and a port such as 127\.0\.0\.1:8082, got 8082/],
    [['--listen', '0.0.0.0:8082'], configuration, /beyond the loopback a token is needed/],
    [['--token-file', '/nowhere'], configuration, /--token-file: read \/nowhere: ENOENT/],
    [['--token-file', shortToken], configuration, /--token-file: .*: expected a token of 16 characters or more/],
  ];
  for (const [args, text, problem] of refused) {
    it(`refuses ${args.join(' ').replace(folder, '…') || 'to serve without keys'}`, async () => {
      const loadConfig = async () => parseConfig(text, { file: 'x.yaml', env: {} });
      const { exitCode, err } = await runCli(['codec-server', ...args], {}, { loadConfig });
      assert.equal(exitCode, 2);
      assert.match(err, problem);
      assert.match(err, /^error: serve the payload codec: .*\n$/);
    });
  }

  it('serves until it is told to stop', async function () {
    this.timeout(60_000);
    const [file, address] = [join(folder, 'bowline.yaml'), `127.0.0.1:${await freePort()}`];
    writeFileSync(file, configuration);
    const args = ['codec-server', '--listen', address, '--origin', 'http://ui', '--config', file];
    const { HOME, PATH } = process.env;
    const child = spawn(process.execPath, [main, ...args], {
      env: { HOME, PATH },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    assert.equal(line.toString(), `Codec server at http://${address}, for pages of http://ui\n`);
    const body = JSON.stringify({ payloads: [{ metadata: {}, data: '' }] });
    const headers = { origin: 'http://ui' };
    assert.equal((await fetch(`http://${address}/encode`, { method: 'POST', headers, body })).status, 200);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });
});
