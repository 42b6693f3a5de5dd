import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../tools/stack/server.ts';
import { supervise } from '../../../tools/stack/supervise.ts';

const fakeServer = fileURLToPath(new URL('./fake-server.mjs', import.meta.url));

describe('supervisor', () => {
  it('passes on exit code and output, and removes the folder with what is in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bowline-test-'));
    writeFileSync(join(folder, 'file'), '');
    const { ended, output } = supervise({
      command: process.execPath,
      args: [fakeServer, 'fail', '0', '5'],
      folder,
    });
    assert.equal(await ended, 5);
    assert.deepEqual(output(100).toSorted(), Array.from({ length: 20 }, (_, index) => `line ${index + 1}`).toSorted());
    assert.equal(existsSync(folder), false);
  });

  it('starts the program in the environment it is given', async () => {
    const port = await freePort();
    const { child, ended, output } = supervise({
      command: process.execPath,
      args: [fakeServer, 'serve', String(port)],
      env: { ...process.env, FAKE_SETTING: 'one' },
    });
    await once(child.stdout, 'data');
    assert.deepEqual(output(1), ['serving, with one']);
    child.stdin.end();
    assert.equal(await ended, 0);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`does not end by ${signal}: its parent decides`, async () => {
      const port = await freePort();
      const { child, ended } = supervise({ command: process.execPath, args: [fakeServer, 'serve', String(port)] });
      await once(child.stdout, 'data');
      child.kill(signal);
      child.stdin.end();
      assert.equal(await ended, 0);
    });
  }
});
