import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const demo = fileURLToPath(new URL('../../tools/demo/main.ts', import.meta.url));

describe('the demo', function () {
  this.timeout(180_000);
  let output: string;

  before(async () => {
    ({ stdout: output } = await run(process.execPath, [demo]));
  });

  it('backs up at least 40 objects of at least 15 kinds', () => {
    const [, objects, kinds] = /the shop runs: (\d+) objects of (\d+) kinds/.exec(output) ?? [];
    assert.ok(Number(objects) >= 40 && Number(kinds) >= 15, output);
  });

  it('finds everything that it restored equal, and says what had to change', () => {
    const [, equal, objects] = /compared: (\d+) of (\d+) objects equal/.exec(output) ?? [];
    assert.equal(equal, objects);
    assert.ok(Number(equal) >= 40, output);
    assert.match(output, /- owners, whose uids are new \(\d+ objects\)/);
    assert.match(output, /compared: 20 of 20 files and directories equal by digest and mode/);
  });

  it('leaves nothing behind in the object store, nor a snapshot', () => {
    assert.match(output, /the object store is empty, and so are the snapshots/);
  });

  it('ends with a link to each run in the Temporal UI', () => {
    for (const id of ['backup%2Fshop', 'restore%2Fshop-again', 'delete-backup%2Fshop']) {
      assert.match(
        output,
        new RegExp(`http://127\\.0\\.0\\.1:\\d+/namespaces/default/workflows/${id}/[\\w-]+/history`),
      );
    }
  });
});
