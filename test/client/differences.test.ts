import assert from 'node:assert/strict';
import fc from 'fast-check';
import { itemKey, parseItemKey, type Unstructured } from '../../src/api/unstructured.ts';
import { differences, type ItemSource, type ObjectDifference } from '../../src/client/differences.ts';
import { object } from '../support/objects.ts';

type Items = Readonly<Record<string, Unstructured>>;

/** A side that counts how often it is read. */
class Side implements ItemSource {
  reads = 0;
  readonly #items: Items;

  constructor(items: Items) {
    this.#items = items;
  }

  async *items(wanted: Parameters<ItemSource['items']>[0] = () => true) {
    this.reads++;
    for (const [key, item] of Object.entries(this.#items)) {
      const identifier = parseItemKey(key);
      if (wanted(identifier)) yield { ...identifier, item };
    }
  }
}

async function diff(before: ItemSource, after: ItemSource, options = {}): Promise<ObjectDifference[]> {
  const found: ObjectDifference[] = [];
  for await (const one of differences(before, after, options)) found.push(one);
  return found.toSorted((a, b) => (itemKey(a) < itemKey(b) ? -1 : 1));
}

const summaryOf = (found: readonly ObjectDifference[]): string[] =>
  found.map(
    (one) => `${one.change} ${itemKey(one)}${one.fields ? `: ${one.fields.map(({ path }) => path).join()}` : ''}`,
  );

const configMap = (name: string, data: object, more: object = {}) =>
  object('v1 ConfigMap', `shop/${name}`, { data, ...more });

describe('differences', () => {
  it('tells of what was added, removed and changed, field by field', async () => {
    const before = new Side({
      'configmaps/shop/a': configMap('a', { x: 1, y: 2 }),
      'configmaps/shop/b': configMap('b', {}),
      'configmaps/shop/c': configMap('c', { x: 1 }),
    });
    const after = new Side({
      'configmaps/shop/c': configMap('c', { x: 1 }),
      'configmaps/shop/d': configMap('d', {}),
      'configmaps/shop/a': configMap('a', { x: 2, z: 3 }),
    });
    const found = await diff(before, after);
    assert.deepEqual(summaryOf(found), [
      'changed configmaps/shop/a: data.x,data.y,data.z',
      'removed configmaps/shop/b',
      'added configmaps/shop/d',
    ]);
    assert.deepEqual(found[0]?.fields?.[0], { path: 'data.x', before: 1, after: 2 });
  });

  it('passes over what the server keeps books of, and over the status unless it is asked for', async () => {
    const books = { uid: 'u', resourceVersion: '7', generation: 3, creationTimestamp: 'now', managedFields: [{}] };
    const labels = {
      app: 'web',
      'velero.io/restore-uid': 'x',
      'velero.io/backup-name': 'y',
      'velero.io/restore-name': 'z',
    };
    const [before, after] = [
      new Side({ 'pods/shop/web': object('v1 Pod', 'shop/web', { metadata: { labels: { app: 'web' } } }) }),
      new Side({
        'pods/shop/web': object('v1 Pod', 'shop/web', { metadata: { ...books, labels }, status: { phase: 'Running' } }),
      }),
    ];
    assert.deepEqual(await diff(before, after), []);
    assert.deepEqual(summaryOf(await diff(before, after, { status: true })), ['changed pods/shop/web: status']);
  });

  it('shows no value of a Secret', async () => {
    const secret = (data: object) => new Side({ 'secrets/shop/key': object('v1 Secret', 'shop/key', { data }) });
    const [found] = await diff(secret({ a: 'aGlkZGVu', b: 'x' }), secret({ a: 'b3RoZXI=' }));
    assert.deepEqual(found?.fields, [
      { path: 'data.a', before: '<hidden>', after: '<hidden>' },
      { path: 'data.b', before: '<hidden>', after: undefined },
    ]);
  });

  it('reads each side twice where the items that differ fit into memory, and more often where they do not', async () => {
    const items = (value: number): Items =>
      Object.fromEntries(
        Array.from({ length: 10 }, (_, at) => [`configmaps/shop/c${at}`, configMap(`c${at}`, { value })]),
      );
    const [before, after] = [new Side(items(1)), new Side(items(2))];
    assert.equal((await diff(before, after)).length, 10);
    assert.deepEqual([before.reads, after.reads], [2, 2]);
    const [again, later] = [new Side(items(1)), new Side(items(2))];
    assert.equal((await diff(again, later, { heldBytes: 1 })).length, 10);
    assert.ok(again.reads > 10, String(again.reads));
    const [same, equal] = [new Side(items(1)), new Side(items(1))];
    assert.equal((await diff(same, equal)).length, 0);
    assert.deepEqual([same.reads, equal.reads], [1, 1]);
  });

  it('ends though the second side changes meanwhile', async () => {
    const before = new Side({
      'pods/shop/a': object('v1 Pod', 'shop/a', { spec: 1 }),
      'pods/shop/b': object('v1 Pod', 'shop/b', { spec: 1 }),
    });
    const first = new Side({
      'pods/shop/a': object('v1 Pod', 'shop/a', { spec: 2 }),
      'pods/shop/b': object('v1 Pod', 'shop/b', { spec: 2 }),
      'pods/shop/c': object('v1 Pod', 'shop/c'),
    });
    const later = new Side({ 'pods/shop/b': object('v1 Pod', 'shop/b', { spec: 1 }) });
    let reads = 0;
    const after: ItemSource = { items: (wanted) => (reads++ === 0 ? first : later).items(wanted) };
    assert.deepEqual(await diff(before, after), []);
  });

  it('does not count what is only to be compared if the other side has it', async () => {
    const before = new Side({ 'nodes//a': object('v1 Node', 'a', { spec: 1 }) });
    const nodes = new Side({ 'nodes//a': object('v1 Node', 'a', { spec: 2 }), 'nodes//b': object('v1 Node', 'b') });
    const after: ItemSource = {
      async *items(wanted) {
        for await (const one of nodes.items(wanted)) yield { ...one, onlyIfKnown: true };
      },
    };
    assert.deepEqual(summaryOf(await diff(before, after)), ['changed nodes//a: spec']);
  });

  it('finds what a comparison of all items finds, in any order and with any memory', async () => {
    const side = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.integer({ min: 0, max: 2 }));
    await fc.assert(
      fc.asyncProperty(side, side, fc.constantFrom(1, 150, 10_000), async (left, right, heldBytes) => {
        const itemsOf = (values: Readonly<Record<string, number>>): Items =>
          Object.fromEntries(
            Object.entries(values).map(([name, value]) => [`configmaps/shop/${name}`, configMap(name, { value })]),
          );
        const expected = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort().flatMap((name) => {
          if (left[name] === right[name]) return [];
          if (left[name] === undefined) return `added configmaps/shop/${name}`;
          if (right[name] === undefined) return `removed configmaps/shop/${name}`;
          return `changed configmaps/shop/${name}: data.value`;
        });
        const found = await diff(new Side(itemsOf(left)), new Side(itemsOf(right)), { heldBytes });
        assert.deepEqual(summaryOf(found), expected);
      }),
    );
  });
});
