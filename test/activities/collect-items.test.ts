import assert from 'node:assert/strict';
import type { CollectedItems, CollectItemsInput, Position } from '../../src/activities/collect-items.ts';
import type { BackupBatchItem } from '../../src/activities/backup-batch.ts';
import type { BackupSpec } from '../../src/api/backup.ts';
import { BowlineError } from '../../src/api/errors.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';
import type { BackupItemAction } from '../../src/plugins/item-action.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { object } from '../support/objects.ts';

const onPods: BackupItemAction = {
  name: 'example.com/on-pods',
  appliesTo: { includedResources: ['pods'] },
  execute: async ({ item }) => ({ updatedItem: item }),
};

const withoutVolumes: BackupSpec = { snapshotVolumes: false };

/** Collects as the workflow does, call after call. */
class Collector {
  readonly runner: ActivityRunner;
  readonly calls: CollectedItems[] = [];
  #position: Position | undefined = { list: 0 };
  #prepared: Promise<Pick<CollectItemsInput, 'run' | 'plan'>>;

  constructor(runner: ActivityRunner, spec: BackupSpec = withoutVolumes) {
    this.runner = runner;
    this.#prepared = runner.prepareBackup(spec).then(({ run, plan }) => ({ run, plan }));
  }

  async call(input: Partial<CollectItemsInput> = {}): Promise<CollectedItems> {
    assert.ok(this.#position, 'every list has been read');
    const index = this.calls.length;
    const collected = await this.runner.run('collectItems', {
      ...(await this.#prepared),
      step: `collect-${index}`,
      batch: { items: 500, bytes: 4 * 1024 * 1024 },
      order: [0, index],
      from: this.#position,
      earlier: this.#position.begunAnew ? this.calls.map(({ report }) => report) : [],
      items: 2_000,
      staged: 0,
      ...input,
    });
    this.calls.push(collected);
    this.#position = collected.next;
    return collected;
  }

  /** Calls until nothing is left, and gives the keys of all that was collected. */
  async rest(): Promise<string[]> {
    while (this.#position !== undefined) await this.call();
    return this.keys();
  }

  keys(): string[] {
    return this.calls.flatMap(({ report }) =>
      this.runner
        .lines(report, 'items')
        .flatMap(({ groupResource, namespace, names }) => names.map((name) => `${groupResource}/${namespace}/${name}`)),
    );
  }

  /** The items of all batches. */
  batched(): BackupBatchItem[] {
    return this.calls.flatMap(({ batches }) => batches.flatMap((batch) => this.runner.staged<BackupBatchItem>(batch)));
  }
}

function configMaps(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `cm-${String(index).padStart(5, '0')}`);
}

describe('collectItems', () => {
  let runner: ActivityRunner;

  beforeEach(() => {
    runner = new ActivityRunner({ backupItemActions: [onPods] });
    runner.cluster.hold(object('v1 Namespace', 'shop'), object('v1 Pod', 'shop/web'), object('v1 Secret', 'shop/key'));
  });

  it('puts what an action concerns into batches, and archives the rest at once', async () => {
    const collector = new Collector(runner);
    const collected = await collector.call();
    assert.deepEqual(
      collector.batched().map(({ item, version }) => [item.kind, version]),
      [['Pod', 'v1']],
    );
    assert.deepEqual(collected.selected, { pods: 1, namespaces: 1, secrets: 1 });
    assert.deepEqual(collected.archived, { namespaces: 1, secrets: 1 });
    assert.deepEqual(
      collected.segments.map(({ items, order }) => ({ items, order })),
      [{ items: 2, order: [0, 0, 0] }],
    );
    assert.equal(collected.next, undefined);
  });

  describe('with pods that have hooks', () => {
    const annotations = { 'pre.hook.backup.velero.io/command': 'freeze' };

    beforeEach(() => {
      runner.cluster.hold(object('v1 Pod', 'shop/db', { metadata: { annotations } }), object('v1 Pod', 'other/db'));
    });

    function hookedPods({ hooked = [] }: CollectedItems): string[] {
      return hooked.flatMap((batch) => runner.staged<BackupBatchItem>(batch)).map(({ item }) => item.metadata.name);
    }

    it('puts these into batches of their own, and ends with the pods: hooks are due before volumes', async () => {
      const collector = new Collector(runner);
      const first = await collector.call();
      assert.deepEqual(hookedPods(first), ['db']);
      assert.deepEqual([first.hooksAreDue, first.selected], [true, { pods: 3 }]);
      assert.deepEqual(
        collector.batched().map(({ item }) => item.metadata.name),
        ['db', 'web'],
      );
      const second = await collector.call();
      assert.deepEqual([second.hooked, second.hooksAreDue], [undefined, undefined]);
      assert.deepEqual(second.selected, { namespaces: 1, secrets: 1 });
    });

    it('stages them though no action concerns pods', async () => {
      runner = new ActivityRunner();
      runner.cluster.hold(object('v1 Pod', 'shop/db', { metadata: { annotations } }), object('v1 Pod', 'shop/web'));
      const { hooked = [], archived } = await new Collector(runner).call();
      assert.deepEqual(
        hooked.map(({ items, groupResources }) => [items, groupResources]),
        [[1, ['pods']]],
      );
      assert.deepEqual(archived, { pods: 1 });
    });

    it('finds those that the spec selects', async () => {
      const hooks = { resources: [{ includedNamespaces: ['other'], post: [{ exec: { command: ['thaw'] } }] }] };
      assert.deepEqual(hookedPods(await new Collector(runner, { ...withoutVolumes, hooks }).call()), ['db', 'db']);
    });

    it('says that hooks are due with the last pods, though only an earlier call has found some', async () => {
      runner.cluster.hold(object('v1 Namespace', 'yard'), object('v1 Pod', 'yard/db'));
      const spec = { ...withoutVolumes, includedNamespaces: ['shop', 'yard'] };
      const first = await new Collector(runner, spec).call({ from: { list: 0 } });
      assert.equal(first.next?.list, 2, 'it ended with the pods of the first namespace');
      const last = await new Collector(runner, spec).call({ from: { list: 1 }, hooked: true });
      assert.deepEqual([last.hooked, last.hooksAreDue, last.next?.list], [undefined, true, 2]);
    });
  });

  it('reads some 2,000 items a call, and the next call goes on after the last page', async () => {
    const names = configMaps(3_200);
    runner.cluster.hold(...names.map((name) => object('v1 ConfigMap', `shop/${name}`)));
    const collector = new Collector(runner, { ...withoutVolumes, includedResources: ['configmaps'] });
    const first = await collector.call();
    assert.deepEqual(first.selected, { configmaps: 2_000 });
    assert.equal(first.remaining, 1_200);
    assert.equal(first.next?.list, 0);
    const second = await collector.call();
    assert.deepEqual([second.selected, second.next], [{ configmaps: 1_200 }, undefined]);
    assert.deepEqual(
      collector.keys(),
      names.map((name) => `configmaps/shop/${name}`),
    );
  });

  it('lists up to four namespaces alone, and the whole cluster for more', async () => {
    const asked = (): string[] => runner.cluster.requests.filter((request) => request.startsWith('list pods'));
    runner.cluster.hold(...['a', 'b', 'c', 'd', 'e'].map((name) => object('v1 Namespace', name)));
    await new Collector(runner, { ...withoutVolumes, includedNamespaces: ['a', 'b'] }).rest();
    assert.deepEqual(asked(), ['list pods/a/', 'list pods/b/']);
    runner.cluster.requests.length = 0;
    await new Collector(runner, { ...withoutVolumes, includedNamespaces: ['a', 'b', 'c', 'd', 'e'] }).rest();
    assert.deepEqual(asked(), ['list pods//']);
  });

  it('leaves out what bears the label velero.io/exclude-from-backup, and what is being deleted', async () => {
    runner.cluster.hold(
      object('v1 Pod', 'shop/excluded', { metadata: { labels: { 'velero.io/exclude-from-backup': 'true' } } }),
      object('v1 Pod', 'shop/kept', { metadata: { labels: { 'velero.io/exclude-from-backup': 'no' } } }),
      object('v1 Pod', 'shop/leaving', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    );
    const keys = await new Collector(runner, { ...withoutVolumes, includedResources: ['pods'] }).rest();
    assert.deepEqual(keys, ['pods/shop/kept', 'pods/shop/web']);
  });

  it('reports a list that is forbidden, and goes on with the next', async () => {
    runner.cluster.fail(
      'list',
      'pods',
      apiError('list pods', { status: 403, body: '{"message":"no rights to pods"}' }),
    );
    const collector = new Collector(runner);
    assert.deepEqual(await collector.rest(), ['namespaces//shop', 'secrets/shop/key']);
    const [{ report }] = collector.calls as [CollectedItems];
    assert.equal(report.errors, 1);
    assert.deepEqual(runner.complaints(report), ['error pods//: Error listing items']);
    assert.match(runner.lines(report, 'log')[0]!.error!, /no rights to pods/);
  });

  it('fails, to be repeated, when the server does not answer', async () => {
    runner.cluster.fail('list', 'secrets', new BowlineError('Unavailable', 'list secrets: no answer'));
    await assert.rejects(new Collector(runner).call(), { type: 'Unavailable', nonRetryable: false });
  });

  for (const { title, tellingWhereToGoOn } of [
    { title: 'goes on where the refusal of an expired token says', tellingWhereToGoOn: true },
    { title: 'begins a list anew when its token has expired, and takes nothing twice', tellingWhereToGoOn: false },
  ]) {
    it(title, async () => {
      const names = configMaps(5_000);
      runner.cluster.hold(...names.map((name) => object('v1 ConfigMap', `shop/${name}`)));
      const collector = new Collector(runner, { ...withoutVolumes, includedResources: ['configmaps'] });
      await collector.call();
      runner.cluster.expireTokens({ tellingWhereToGoOn });
      assert.deepEqual(
        await collector.rest(),
        names.map((name) => `configmaps/shop/${name}`),
      );
      const selected = collector.calls.map((call) => call.selected['configmaps'] ?? 0);
      assert.deepEqual(selected, tellingWhereToGoOn ? [2_000, 0, 2_000, 1_000] : [2_000, 0, 0, 2_000, 1_000]);
    });
  }

  it('leaves nothing out of the lists after one that was begun anew', async () => {
    runner.cluster.itemsPerPage = 1_300;
    runner.cluster.hold(
      ...configMaps(3_000).map((name) => object('v1 ConfigMap', `shop/${name}`)),
      object('apps/v1 Deployment', 'shop/web'),
    );
    const spec = { ...withoutVolumes, includedResources: ['configmaps', 'deployments'] };
    const collector = new Collector(runner, spec);
    await collector.call();
    runner.cluster.expireTokens({ tellingWhereToGoOn: false });
    const keys = await collector.rest();
    assert.equal(keys.length, 3_001);
    assert.equal(keys.at(-1), 'deployments.apps/shop/web');
  });

  it('gives two attempts keys of their own, whatever each finds', async () => {
    const prepared = await runner.prepareBackup(withoutVolumes);
    const input = {
      run: prepared.run,
      plan: prepared.plan,
      step: 'collect-0',
      batch: { items: 500, bytes: 4_000_000 },
      order: [0],
      from: { list: 0 },
      earlier: [],
      items: 2_000,
      staged: 0,
    };
    const [first, second] = [
      await runner.run('collectItems', input, { attempt: 1 }),
      await runner.run('collectItems', input, { attempt: 2 }),
    ];
    const keys = [first, second].flatMap(({ batches, segments, report }) =>
      [...batches, ...segments, report].map(({ key }) => key),
    );
    assert.equal(new Set(keys).size, keys.length);
  });

  it('stages up to 2,000 items one by one, and says what to set for more', async () => {
    const batch = { items: 1, bytes: 4_000_000 };
    const collected = await new Collector(runner).call({ batch, staged: 1_999 });
    assert.equal(collected.batches.length, 1);
    await assert.rejects(new Collector(runner).call({ batch, staged: 2_000 }), {
      type: 'InvalidConfig',
      nonRetryable: true,
      message: /more than 2000 with batch\.items 1; set batch\.items to/,
    });
    await new Collector(runner).call({ staged: 2_000 });
  });
});
