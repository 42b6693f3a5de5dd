import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { sealed, tarOf } from '../backup-format/tarballs.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const batch = { items: 500, bytes: 4_000_000 };
const { contents } = backupLayout('nightly');

describe('a restore of a backup with a million entries, 2,000 of them different', function () {
  this.timeout(300_000);
  const repetitions = 500;

  it('ends in bounded memory, each name once, and most of the repetitions told in one line', async () => {
    const runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', []);
    const member = await itemsOnce();
    runner.store.objects.set(contents, Buffer.alloc(member.length * repetitions));
    const { getObject } = runner.store;
    runner.store.getObject = async (key, options) =>
      key === contents ? Readable.from(entries(member)) : getObject.call(runner.store, key, options);
    const { run, plan } = await runner.prepareRestore({});

    const before = process.memoryUsage().rss;
    let most = before;
    const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50);
    const { selected, report } = await runner.run('unpackBackup', { run, plan, step: 'unpack-0', batch, staged: 0 });
    clearInterval(watching);
    assert.deepEqual(selected, { configmaps: 2_000, namespaces: 1 });
    assert.equal(report.warnings, 21);
    assert.equal(runner.lines(report, 'log').at(-1)?.message, '997980 more items are in the backup twice');
    assert.ok(most - before < 400 * 1024 * 1024, `${Math.round((most - before) / 1024 / 1024)} MiB`);
  });

  async function itemsOnce(): Promise<Buffer> {
    const names = Array.from({ length: 2_000 }, (_, index) => `item-${index}`);
    const files = names.map((name) => ({
      name: `resources/configmaps/namespaces/shop/${name}.json`,
      body: JSON.stringify(object('v1 ConfigMap', `shop/${name}`, { data: { a: name } })),
    }));
    return gzipSync((await tarOf(files)).subarray(0, -1_024));
  }

  async function* entries(member: Buffer): AsyncIterable<Buffer> {
    for (let count = 0; count < repetitions; count++) yield member;
    yield await sealed([]);
  }
});
