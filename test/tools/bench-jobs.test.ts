import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchResult } from '../../tools/bench/statistics.ts';

const main = fileURLToPath(new URL('../../tools/bench/main.ts', import.meta.url));

describe('npm run bench', function () {
  this.timeout(180_000);

  const jobs = [
    { job: 'backup', floorItems: 70 },
    { job: 'restore', floorItems: 70 },
    // Files: those of a backup.
    { job: 'delete', floorItems: 10 },
  ];
  for (const { job, floorItems } of jobs) {
    it(`measures twice, beside a floor of the same items: ${job}`, async () => {
      const args = [main, job, '--items', '50', '--synthetic', '--runs', '2', '--json'];
      const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
      const { items, seconds, floorSeconds, ratio } = JSON.parse(stdout) as BenchResult;
      assert.equal(items, 70, stdout);
      assert.ok(seconds > 0 && floorSeconds > 0 && ratio > 0, stdout);
      assert.equal(
        [...stderr.matchAll(new RegExp(`floor, measured after it: ${floorItems} items`, 'g'))].length,
        2,
        stderr,
      );
    });
  }
});
