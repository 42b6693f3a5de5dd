import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  BackupEntry,
  readBackupBatch,
  writeBackupBatch,
  type BackupBatchItem,
} from '../../src/activities/backup-batch.ts';
import { openStaging } from '../../src/activities/staging.ts';
import { parseJson } from '../../src/api/json.ts';
import type { RunRef } from '../../src/api/run.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { activityEnvironment } from '../support/activity-environment.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { object } from '../support/objects.ts';

const run: RunRef = { kind: 'backup', name: 'nightly', uid: 'uid-1', location: 'default', staging: 'default' };

/** Texts that look like parts of a line. */
const text = fc.oneof(
  fc.string(),
  fc.constantFrom('item', ',"item":{', '"item":{', '\\",\\"item\\":{', '\n', '}', '{"item":{}}'),
);
const labels = fc.dictionary(text, text);
const entries: fc.Arbitrary<BackupBatchItem> = fc.record(
  {
    groupResource: text,
    version: text,
    item: fc.record({
      apiVersion: text,
      kind: text,
      metadata: fc.record({ name: text, namespace: text, labels }, { requiredKeys: ['name'] }),
      data: fc.dictionary(text, fc.jsonValue()),
    }) as unknown as fc.Arbitrary<Unstructured>,
    labels,
  },
  { requiredKeys: ['groupResource', 'version', 'item'] },
);

describe('BackupEntry', () => {
  it('gives back what it was made of, whatever the texts in it look like', () => {
    fc.assert(
      fc.property(entries, (given) => {
        const { line } = BackupEntry.of(given);
        assert.ok(!line.includes('\n'));
        const read = BackupEntry.read(line);
        const { groupResource, version, item } = given;
        const { namespace = '', name } = item.metadata;
        assert.equal(read.text, JSON.stringify(item));
        assert.deepEqual(read.identifier, { groupResource, namespace, name });
        assert.equal(read.version, version);
        assert.equal(JSON.stringify(read.labels), JSON.stringify(given.labels));
        assert.equal(JSON.stringify(read.parse()), JSON.stringify(item));
        assert.equal(read.line, line);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is a JSON object that ends with the item', () => {
    const { line } = BackupEntry.of({
      groupResource: 'configmaps',
      version: 'v1',
      item: object('v1 ConfigMap', 'shop/a'),
    });
    const { item, ...head } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual(head, { groupResource: 'configmaps', version: 'v1', namespace: 'shop', name: 'a' });
    assert.deepEqual(item, object('v1 ConfigMap', 'shop/a'));
  });

  it('keeps numbers that a double can not hold', () => {
    const item = parseJson('{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"n":12345678901234567890}');
    const entry = BackupEntry.of({ groupResource: 'as', version: 'v1', item: item as unknown as Unstructured });
    assert.equal(JSON.stringify(BackupEntry.read(entry.line).parse()), JSON.stringify(item));
  });

  it('gives a copy of the item each time', () => {
    const entry = BackupEntry.of({
      groupResource: 'configmaps',
      version: 'v1',
      item: object('v1 ConfigMap', 'shop/a'),
    });
    entry.parse().metadata.name = 'b';
    assert.equal(entry.parse().metadata.name, 'a');
  });

  it('is read from a batch as it was written to it', async () => {
    const written = ['shop/a', 'shop/b'].map((name) =>
      BackupEntry.of({ groupResource: 'configmaps', version: 'v1', item: object('v1 ConfigMap', name) }),
    );
    const store = new MemoryStore();
    const writeAndRead = async () => {
      const staging = await openStaging({ store: async () => store }, run);
      const batch = await writeBackupBatch(staging, 'action-1', written);
      return { batch, read: await readBackupBatch(staging, batch) };
    };
    type Both = Awaited<ReturnType<typeof writeAndRead>>;
    const { batch, read } = await activityEnvironment().run<[], Both, typeof writeAndRead>(writeAndRead);
    assert.deepEqual([batch.items, batch.groupResources], [2, ['configmaps']]);
    assert.deepEqual(
      read.map(({ line }) => line),
      written.map(({ line }) => line),
    );
  });
});
