import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { itemPaths } from '../../src/backup-format/item-path.ts';
import { SegmentWriter } from '../../src/backup-format/segment-writer.ts';
import { entriesByGo, goIsInstalled, namesByGnuTar } from './other-readers.ts';
import { itemsIn, mtime, sealed, segmentOf, type Item } from './tarballs.ts';

const name = fc.oneof(
  fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,30}[a-z0-9])?$/),
  fc.stringMatching(/^[a-z0-9]{101,253}$/),
);

const item: fc.Arbitrary<Item> = fc.record({
  groupResource: fc.constantFrom('pods', 'deployments.apps', 'customresourcedefinitions.apiextensions.k8s.io'),
  version: fc.constantFrom('v1', 'v1beta1'),
  preferred: fc.boolean(),
  namespace: fc.oneof(fc.constant(''), name),
  name,
  body: fc.json({ maxDepth: 1 }),
});

const segments = fc.array(fc.array(item, { maxLength: 6 }), { minLength: 1, maxLength: 4 });

function pathsOf(items: readonly Item[]): string[] {
  return items.flatMap((one) => itemPaths(one));
}

/** Items of `bytes` each, which hardly compress. */
function bigItems(namespaces: readonly string[], bytes: number): Item[] {
  return namespaces.map((namespace, index) => ({
    groupResource: 'configmaps',
    version: 'v1',
    preferred: false,
    namespace,
    name: `n${index}`,
    body: createHash('shake256', { outputLength: bytes / 2 })
      .update(`${index}`)
      .digest('hex'),
  }));
}

describe('SegmentWriter', () => {
  it('gives the same bytes for the same items, whatever is written at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(segments, async (lists) => {
        const alone = [];
        for (const items of lists) alone.push(await segmentOf(items));
        const together = await interleaved(lists);
        assert.deepEqual(together, alone);
        assert.deepEqual(await sealed(together), await sealed(alone));
      }),
      { numRuns: 50 },
    );
  });

  it('writes segments that give the same items in whatever order they are joined', async () => {
    const shuffled = segments.chain((lists) =>
      fc.tuple(fc.constant(lists), fc.shuffledSubarray(lists, { minLength: lists.length })),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, async ([lists, otherOrder]) => {
        const read = async (order: readonly (readonly Item[])[]) =>
          (await itemsIn(await sealed(await Promise.all(order.map(segmentOf))))).map((one) => JSON.stringify(one));
        assert.deepEqual((await read(otherOrder)).toSorted(), (await read(lists)).toSorted());
      }),
      { numRuns: 50 },
    );
  });

  it('writes what the reader reads: each item of a preferred version, with its body', async () => {
    await fc.assert(
      fc.asyncProperty(segments, async (lists) => {
        const expected = lists
          .flat()
          .flatMap(({ groupResource, namespace, name, body, preferred }) =>
            preferred ? [{ groupResource, namespace, name, body }] : [],
          );
        assert.deepEqual(await itemsIn(await sealed(await Promise.all(lists.map(segmentOf)))), expected);
      }),
      { numRuns: 50 },
    );
  });

  it('makes tarballs that GNU tar reads whole', async () => {
    await fc.assert(
      fc.asyncProperty(segments, async (lists) => {
        const tarball = await sealed(await Promise.all(lists.map(segmentOf)));
        assert.deepEqual(namesByGnuTar(tarball), ['metadata/version', ...pathsOf(lists.flat())]);
      }),
      { numRuns: 20 },
    );
  });

  it('makes tarballs that Go reads whole, with the modes that make directories usable', async function () {
    if (!goIsInstalled()) this.skip();
    const version = { mode: '755', size: 6, name: 'metadata/version' };
    await fc.assert(
      fc.asyncProperty(segments, async (lists) => {
        const items = lists
          .flat()
          .flatMap((one) =>
            itemPaths(one).map((path) => ({ ...version, size: Buffer.byteLength(one.body), name: path })),
          );
        assert.deepEqual(entriesByGo(await sealed(await Promise.all(lists.map(segmentOf)))), [version, ...items]);
      }),
      { numRuns: 5 },
    );
  });

  it('has no end-of-archive, so that readers go on to the next segment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 6 }), async (items) => {
        const unpacked = gunzipSync((await segmentOf(items)).body);
        assert.equal(unpacked.length % 512, 0);
        assert.ok(unpacked.subarray(-512).some((byte) => byte !== 0));
      }),
      { numRuns: 30 },
    );
  });

  it('indexes members that decompress alone, and hold what the index says', async () => {
    const items = bigItems(['a', 'a', 'b', 'c', 'c', 'c', 'd'], 40 * 1024);
    const { body, members, items: count } = await segmentOf(items);
    assert.deepEqual(
      members.map(({ namespaces, items: held }) => [namespaces, held]),
      [
        [['a'], 2],
        [['b', 'c'], 4],
        [['d'], 1],
      ],
    );
    let end = 0;
    const names: string[] = [];
    for (const { offset, length, groupResources } of members) {
      assert.equal(offset, end);
      end = offset + length;
      assert.deepEqual(groupResources, ['configmaps']);
      const alone = gunzipSync(body.subarray(offset, end));
      names.push(...namesByGnuTar(gzipSync(Buffer.concat([alone, Buffer.alloc(1_024)]))));
    }
    assert.equal(end, body.length);
    assert.deepEqual(names, pathsOf(items));
    assert.equal(count, items.length);
  });

  it('begins a new member within a namespace too once one holds a mebibyte', async () => {
    const { members } = await segmentOf(
      bigItems(
        Array.from({ length: 12 }, () => 'a'),
        128 * 1024,
      ),
    );
    assert.deepEqual(
      members.map(({ items }) => items),
      [8, 4],
    );
  });

  it('tells the SHA-256 of each member', async () => {
    const { body, members } = await segmentOf(bigItems(['a', 'b', 'c', 'd'], 512 * 1024));
    assert.ok(members.length > 1);
    for (const { offset, length, sha256 } of members) {
      const member = body.subarray(offset, offset + length);
      assert.equal(sha256, createHash('sha256').update(member).digest('hex'));
    }
  });

  it('makes nothing of nothing', async () => {
    const { body, members, items } = await segmentOf([]);
    assert.deepEqual([body.length, members, items], [0, [], 0]);
  });
});

/** Writes all segments at once, an item to each in turn, and finishes the last one first. */
async function interleaved(lists: readonly (readonly Item[])[]) {
  const writers = lists.map((items) => ({ items, writer: new SegmentWriter({ mtime }) }));
  const longest = Math.max(...lists.map(({ length }) => length));
  for (let index = 0; index < longest; index++)
    for (const { items, writer } of writers) if (items[index]) await writer.add(items[index]!);
  return (await Promise.all(writers.toReversed().map(({ writer }) => writer.finish()))).toReversed();
}
