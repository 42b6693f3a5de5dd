import assert from 'node:assert/strict';
import { BatchWriter } from '../../src/activities/batch.ts';
import { openStaging } from '../../src/activities/staging.ts';
import type { BatchRef, RunRef } from '../../src/api/run.ts';
import { activityEnvironment } from '../support/activity-environment.ts';
import { MemoryStore } from '../support/memory-store.ts';

const run: RunRef = { kind: 'backup', name: 'nightly', uid: 'uid-1', location: 'default', staging: 'default' };

describe('BatchWriter', () => {
  const mebibyte = 1024 * 1024;
  const table: { title: string; items: number[]; limits: { items: number; bytes: number }; cut: number[] }[] = [
    { title: 'makes no batch of nothing', items: [], limits: { items: 2, bytes: mebibyte }, cut: [] },
    {
      title: 'ends a batch at its number of items',
      items: [1, 1, 1, 1, 1],
      limits: { items: 2, bytes: mebibyte },
      cut: [2, 2, 1],
    },
    { title: 'writes no empty batch after a full one', items: [1, 1], limits: { items: 2, bytes: mebibyte }, cut: [2] },
    {
      title: 'ends a batch before it has too many bytes',
      items: [400, 400, 400],
      limits: { items: 9, bytes: 1_000 },
      cut: [2, 1],
    },
    {
      title: 'fills a batch to the last byte',
      items: [500, 500, 500],
      limits: { items: 9, bytes: 1_000 },
      cut: [2, 1],
    },
    {
      title: 'gives an item that is too large a batch of its own',
      items: [1, 5_000, 1],
      limits: { items: 9, bytes: 1_000 },
      cut: [1, 1, 1],
    },
    {
      title: 'makes a batch of each item where one is the limit',
      items: [1, 1, 1],
      limits: { items: 1, bytes: mebibyte },
      cut: [1, 1, 1],
    },
  ];
  for (const { title, items, limits, cut } of table) {
    it(title, async () => {
      const store = new MemoryStore();
      const cutIntoBatches = async (): Promise<BatchRef[]> => {
        const staging = await openStaging({ store: async () => store }, run);
        const writer = new BatchWriter(staging, 'collect-0', limits);
        for (const [index, bytes] of items.entries())
          await writer.add({ groupResource: `resource-${index}`, line: 'x'.repeat(bytes) });
        const written = await writer.finish();
        const read = await Promise.all(written.map((batch) => staging.readTexts(batch)));
        assert.deepEqual(
          read.flat().map(({ length }) => length),
          items,
        );
        assert.deepEqual(
          written.flatMap(({ groupResources }) => groupResources),
          items.map((_, index) => `resource-${index}`),
        );
        assert.deepEqual(
          written.map(({ groupResources }) => groupResources.length),
          read.map((lines) => lines.length),
        );
        return written;
      };
      const batches = await activityEnvironment().run<[], BatchRef[], typeof cutIntoBatches>(cutIntoBatches);
      assert.deepEqual(
        batches.map((batch) => batch.items),
        cut,
      );
      assert.equal(new Set(batches.map(({ key }) => key)).size, cut.length);
    });
  }
});
