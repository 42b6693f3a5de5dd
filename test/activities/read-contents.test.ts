import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import type { RestoreBatchItem } from '../../src/activities/restore-batch.ts';
import type { Unpacked } from '../../src/activities/unpack-backup.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import { parseItemKey } from '../../src/api/unstructured.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import type { SegmentsIndex } from '../../src/backup-format/segments-index.ts';
import type { GetOptions } from '../../src/plugins/object-store.ts';
import { ActivityBackup } from '../support/activity-backup.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { ManyItems } from '../support/many-items.ts';

const { contents, segments } = backupLayout('nightly');
const batch = { items: 500, bytes: 4_000_000 };

describe('readContents', function () {
  this.timeout(120_000);
  let runner: ActivityRunner;
  let made: ReadonlyMap<string, Buffer>;
  /** Bytes of the tarball that the store was asked for. */
  let read: number;

  before(async () => {
    const onPods = {
      name: 'example.com/on-pods',
      appliesTo: { includedResources: ['pods'] },
      execute: async ({ item }: { item: object }) => ({ updatedItem: item as never }),
    };
    runner = new ActivityRunner({ kubernetes: new ManyItems(50), backupItemActions: [onPods] });
    await ActivityBackup.make(runner);
    made = new Map(runner.store.objects);
    const { getObject } = runner.store;
    runner.store.getObject = (key: string, options?: GetOptions): Promise<Readable> => {
      if (key === contents) {
        const { start = 0, end = runner.store.objects.get(key)!.length - 1 } = options?.range ?? {};
        read += end - start + 1;
      }
      return getObject.call(runner.store, key, options);
    };
  });

  beforeEach(() => {
    runner.store.objects.clear();
    for (const [key, body] of made) runner.store.objects.set(key, body);
    read = 0;
  });

  async function unpack(spec: RestoreSpec): Promise<Unpacked> {
    const { run, plan } = await runner.prepareRestore(spec);
    return runner.run('unpackBackup', { run, plan, step: 'unpack-0', batch, staged: 0 });
  }

  function itemsOf({ groups }: Unpacked): RestoreBatchItem[] {
    return groups.flatMap(({ batches }) => batches.flatMap((ref) => runner.staged<RestoreBatchItem>(ref)));
  }

  const part = (): number => read / made.get(contents)!.length;

  it('reads less than a twentieth of the tarball for one namespace of 50 with 1,000 items each', async () => {
    const unpacked = await unpack({ includedNamespaces: ['team-017'] });
    const items = itemsOf(unpacked).map(({ itemFromBackup }) => itemFromBackup);
    assert.deepEqual(unpacked.selected, {
      namespaces: 1,
      pods: 100,
      configmaps: 500,
      secrets: 300,
      'deployments.apps': 100,
    });
    assert.ok(
      items.every(({ kind, metadata }) => (kind === 'Namespace' ? metadata.name : metadata.namespace) === 'team-017'),
    );
    assert.ok(part() < 0.05, `${(part() * 100).toFixed(1)} % of the tarball`);
    console.log(`      ${(part() * 100).toFixed(1)} % of ${made.get(contents)!.length} bytes`);
  });

  it('takes the same by ranges as from the whole tarball', async () => {
    const spec = { includedNamespaces: ['team-001', 'team-049'], excludedResources: ['secrets'] };
    const byRanges = itemsOf(await unpack(spec));
    assert.ok(part() < 0.1);
    runner.store.objects.delete(segments);
    const whole = itemsOf(await unpack(spec));
    assert.deepEqual(byRanges, whole);
    assert.equal(byRanges.length, 2 * 701);
  });

  it('reads the whole tarball once where most of it is needed', async () => {
    assert.equal(itemsOf(await unpack({ excludedResources: ['secrets'] })).length, 50 * 701);
    assert.equal(part(), 1);
  });

  it('reads what actions ask for by ranges, too', async () => {
    const { run, plan } = await runner.prepareRestore({ includedResources: ['pods', 'secrets'] });
    const items = ['secrets/team-003/item-00004', 'secrets/team-003/none'].map(parseItemKey);
    const wanted = [await runner.report([{ type: 'additional', items }], { additionalItems: 2 })];
    const input = { run, plan, step: 'unpack-1', batch, staged: 0, wanted, unpacked: [] };
    const unpacked = await runner.run('unpackAdditionalItems', input);
    assert.deepEqual(unpacked.selected, { namespaces: 1, secrets: 1 });
    assert.equal(unpacked.report.warnings, 1);
    assert.ok(part() < 0.02, String(part()));
  });

  it('reads the whole tarball from a store that can not read ranges', async () => {
    const { getObject } = runner.store;
    runner.store.getObject = async (key, options) => {
      if (options?.range) throw new BowlineError('Unsupported', `get ${key}: no ranges here`);
      return getObject.call(runner.store, key, options);
    };
    try {
      assert.equal(itemsOf(await unpack({ includedNamespaces: ['team-017'] })).length, 1_001);
      assert.equal(part(), 1);
    } finally {
      runner.store.getObject = getObject;
    }
  });

  function change(key: string, edit: (body: Buffer) => Buffer): void {
    runner.store.objects.set(key, edit(Buffer.from(made.get(key)!)));
  }

  function changeIndex(edit: (index: SegmentsIndex) => unknown): void {
    change(segments, (body) => Buffer.from(JSON.stringify(edit(JSON.parse(body.toString()) as SegmentsIndex))));
  }

  const ofTeam = (index: SegmentsIndex) => index.members.find(({ namespaces }) => namespaces.includes('team-017'))!;

  it('fails, before anything is applied, for a byte that differs in a member that it reads', async () => {
    const { offset } = ofTeam(JSON.parse(made.get(segments)!.toString()) as SegmentsIndex);
    change(contents, (body) => {
      body[offset + 40]! ^= 1;
      return body;
    });
    await assert.rejects(unpack({ includedNamespaces: ['team-017'] }), {
      type: 'CorruptBackup',
      nonRetryable: true,
      message: /: the member at \d+ is not the one its index records$/,
    });
  });

  it('fails for an index that counts other items than a member holds', async () => {
    changeIndex((index) => ({
      ...index,
      members: index.members.map((one) =>
        one.offset === ofTeam(index).offset ? { ...one, items: one.items + 1 } : one,
      ),
    }));
    await assert.rejects(unpack({ includedNamespaces: ['team-017'] }), {
      type: 'CorruptBackup',
      message: /members hold \d+ items, the index says \d+$/,
    });
  });

  it('fails for an index that points beyond the tarball', async () => {
    changeIndex((index) => ({ ...index, members: [{ ...index.members[0]!, offset: index.bytes }] }));
    await assert.rejects(unpack({ includedNamespaces: ['team-017'] }), { type: 'CorruptBackup' });
  });
});
