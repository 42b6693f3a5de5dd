import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { BowlineError } from '../../src/api/errors.ts';
import { parseJson } from '../../src/api/json.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { decodeGzipJson, encodeGzipJson } from '../../src/backup-format/artifacts.ts';
import { readTarball } from '../../src/backup-format/tarball.ts';
import { goldenBackups, goldenFile } from './golden.ts';
import {
  itemsFrom,
  itemsIn,
  mtime,
  sealed,
  segmentOf,
  tarballOf,
  tarOf,
  withHeaderField,
  type Item,
} from './tarballs.ts';

const pods: readonly Item[] = ['a', 'b', 'c'].map((name) => ({
  groupResource: 'pods',
  version: 'v1',
  preferred: true,
  namespace: 'shop',
  name,
  body: `{"metadata":{"name":"${name}"}}`,
}));

const podA = { name: 'resources/pods/namespaces/shop/a.json', body: '{"first":1}' };
const corrupt = (message: RegExp) => ({ code: 'CorruptBackup', message });

/** What a typed object is called in the resource list. */
function listed({ apiVersion, kind, metadata: { namespace, name } }: Unstructured): string {
  return `${apiVersion}/${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

describe('readTarball', () => {
  for (const backup of goldenBackups) {
    const file = (suffix: string): Buffer => goldenFile(`backups/${backup}/${backup}${suffix}`);

    it(`yields each item of Velero's ${backup} once, as its resource list has them`, async () => {
      const items = await itemsIn(file('.tar.gz'));
      const list = (await decodeGzipJson(file('-resource-list.json.gz'))) as Record<string, string[]>;
      const expected = Object.entries(list).flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`));
      const found = items.map(({ body }) => listed(parseJson(body) as unknown as Unstructured));
      assert.deepEqual(found.toSorted(), expected.toSorted());
      for (const { namespace, name, body } of items) {
        const { metadata } = parseJson(body) as unknown as Unstructured;
        assert.deepEqual([namespace, name], [metadata.namespace ?? '', metadata.name]);
      }
    });

    it(`yields items of Velero's ${backup} that come out byte for byte when they are written again`, async () => {
      for (const { body } of await itemsIn(file('.tar.gz')))
        assert.equal(gunzipSync(await encodeGzipJson(parseJson(body))).toString(), `${body}\n`);
    });
  }

  it('reads entries in any order, with directories and a leading ./ among them', async () => {
    const tarball = await tarballOf([
      { name: 'resources/pods/v1-preferredversion/namespaces/shop/a.json', body: '{"versioned":1}' },
      podA,
      { name: 'resources/', type: 'directory' },
      { name: './resources/nodes/cluster/n.json', body: '{}' },
      { name: 'metadata/version', body: '1.1.0\n' },
    ]);
    assert.deepEqual(await itemsIn(tarball), [
      { groupResource: 'pods', namespace: 'shop', name: 'a', body: '{"first":1}' },
      { groupResource: 'nodes', namespace: '', name: 'n', body: '{}' },
    ]);
  });

  it('yields duplicates as they come', async () => {
    const bodies = (await itemsIn(await tarballOf([podA, { ...podA, body: '{"second":2}' }]))).map(({ body }) => body);
    assert.deepEqual(bodies, ['{"first":1}', '{"second":2}']);
  });

  it('passes over versioned paths', async () => {
    const others = ['v1', 'v1-preferredversion'].map((version) => ({
      name: `resources/pods/${version}/namespaces/shop/a.json`,
      body: '{}',
    }));
    assert.deepEqual(await itemsIn(await tarballOf(others)), []);
  });

  it('reads names of any length, whether split, in PAX or of other alphabets', async () => {
    const names = ['short', 'n'.repeat(90), 'n'.repeat(174), 'n'.repeat(253), 'größe'];
    const tarball = await tarballOf(names.map((name) => ({ name: `resources/pods/namespaces/shop/${name}.json` })));
    assert.deepEqual(
      (await itemsIn(tarball)).map(({ name }) => name),
      names,
    );
  });

  it('keeps only what is wanted', async () => {
    const items = await itemsIn(await sealed([await segmentOf(pods)]), { wanted: ({ name }) => name !== 'b' });
    assert.deepEqual(
      items.map(({ name }) => name),
      ['a', 'c'],
    );
  });

  const hostile: readonly [string, Parameters<typeof tarballOf>[0][number], RegExp][] = [
    ['a path with ..', { name: 'resources/pods/../../etc/passwd' }, /a path that no backup has/],
    ['a path that is only ..', { name: '..' }, /a path that no backup has/],
    ['an absolute path', { name: '/resources/pods/cluster/a.json' }, /"\/resources.*a path that no backup has/],
    ['a backslash', { name: 'resources\\pods\\cluster\\a.json' }, /a path that no backup has/],
    ['an empty segment', { name: 'resources//cluster/a.json' }, /a path that no backup has/],
    ['a control character', { name: 'resources/pods/cluster/a\u001b[2J.json' }, /a path that no backup has/],
    ['a NUL in a PAX path', { name: 'a', pax: { path: 'resources/a\0/b.json' } }, /a path that no backup has/],
    ['.. in a PAX path', { name: 'a', pax: { path: 'resources/../b.json' } }, /a path that no backup has/],
    ['a path of kilobytes', { name: `resources/${'a'.repeat(3_000)}` }, /a path that no backup has/],
    ['a symbolic link', { name: 'a', type: 'symlink', linkname: '/etc/passwd' }, /"a" is of type symlink/],
    ['a hard link', { name: 'a', type: 'link', linkname: 'b' } as never, /"a" is of type link/],
    ['a character device', { name: 'a', type: 'character-device' }, /"a" is of type character-device/],
    ['a block device', { name: 'a', type: 'block-device' }, /"a" is of type block-device/],
    ['a fifo', { name: 'a', type: 'fifo' }, /"a" is of type fifo/],
    ['an oversize entry', { ...podA, body: 'x'.repeat(1_001) }, /"resources.*a size of 1001; the limit is 1000/],
    ['a negative size', { ...podA, pax: { size: '-1' } }, /Invalid header/],
    ['a size that is no number', { ...podA, pax: { size: 'many' } }, /Invalid header/],
  ];
  for (const [what, entry, message] of hostile) {
    it(`refuses ${what}`, async () => {
      const tarball = await tarballOf([entry]);
      await assert.rejects(itemsIn(tarball, { limits: { entryBytes: 1_000 } }), corrupt(message));
    });
  }

  it('refuses an entry of a type that it does not know', async () => {
    const tarball = gzipSync(withHeaderField(await tarOf([podA]), 156, Buffer.from('S')));
    await assert.rejects(itemsIn(tarball), corrupt(/is of type unknown/));
  });

  it('refuses a binary size that can not be read', async () => {
    const tarball = gzipSync(withHeaderField(await tarOf([podA]), 124, Buffer.from([0x81])));
    await assert.rejects(itemsIn(tarball), corrupt(/has a size of null/));
  });

  it('refuses too many entries', async () => {
    const tarball = await sealed([await segmentOf(pods)]);
    await assert.doesNotReject(itemsIn(tarball, { limits: { entries: 7 } }));
    await assert.rejects(itemsIn(tarball, { limits: { entries: 6 } }), corrupt(/more than 6 entries/));
  });

  it('refuses what unpacks to far more than its size', async () => {
    const tar = await tarOf([{ name: 'resources/pods/namespaces/shop/a.json', body: 'a'.repeat(8 * 1024 * 1024) }]);
    const member = gzipSync(tar.subarray(0, -1_024), { level: 9 });
    assert.ok(tar.length / member.length > 500);
    const bomb = Buffer.concat(Array.from({ length: 20 }, () => member));
    await assert.rejects(itemsIn(bomb, { limits: { ratio: 500 } }), corrupt(/more than 500 times its size/));
  });

  it('refuses what is cut off where a member ends, though it is whole gzip and tar', async () => {
    const { body, members } = await segmentOf(manyPods(400));
    assert.ok(members.length > 2);
    for (const { offset, length } of members)
      await assert.rejects(
        itemsIn(body.subarray(0, offset + length)),
        corrupt(/without an end-of-archive: it was cut/),
      );
  });

  it('refuses what is cut off anywhere else', async () => {
    const tarball = await sealed([await segmentOf(pods)]);
    for (let length = 1; length < tarball.length; length += 7)
      await assert.rejects(itemsIn(tarball.subarray(0, length)), corrupt(/unexpected end|without an end-of-archive/));
  });

  it('refuses what has one byte changed, or says the same', async () => {
    const tarball = await sealed([await segmentOf(pods)]);
    const whole = await itemsIn(tarball);
    let refused = 0;
    for (let at = 0; at < tarball.length; at++) {
      const damaged = Buffer.from(tarball);
      damaged[at]! ^= 0x10;
      // The headers of gzip members hold a time and flags that no checksum covers.
      const items = await itemsIn(damaged).catch((error: BowlineError) => error.code);
      if (items === 'CorruptBackup') refused++;
      else assert.deepEqual(items, whole);
    }
    assert.ok(refused > tarball.length / 2);
  });

  const ended = 'it goes on after its';
  const endings: readonly [string, Buffer, RegExp][] = [
    ['text after its end', Buffer.from('garbage'), /incorrect header check/],
    ['zeros after its end', Buffer.alloc(100), new RegExp(`${ended} last gzip member`)],
    ['zeros and more after its end', Buffer.from('\0\0\0more'), new RegExp(`${ended} last gzip member`)],
    ['a gzip member of text after its end', gzipSync('garbage'), new RegExp(`${ended} end-of-archive`)],
  ];
  for (const [what, rest, message] of endings) {
    it(`refuses ${what}`, async () => {
      const tarball = await sealed([await segmentOf(pods)]);
      await assert.rejects(itemsIn(Buffer.concat([tarball, rest])), corrupt(message));
      const apart = Readable.from([tarball, rest]);
      await assert.rejects(itemsFrom(apart), corrupt(message));
    });
  }

  it('refuses entries after its end, which other readers would not see', async () => {
    const tarball = await sealed([await segmentOf(pods)]);
    const twice = Buffer.concat([tarball, tarball]);
    await assert.rejects(itemsIn(twice), corrupt(/goes on after its end-of-archive/));
    const oneMember = gzipSync(gunzipSync(twice));
    await assert.rejects(itemsIn(oneMember), corrupt(/goes on after its end-of-archive/));
    await assert.rejects(itemsFrom(inPieces(oneMember, 1)), corrupt(/after its end-of-archive/));
  });

  const others: readonly [string, Buffer, RegExp][] = [
    ['nothing', Buffer.alloc(0), /unexpected end of file/],
    ['text', Buffer.from('no gzip at all'), /incorrect header check/],
    ['gzip of nothing', gzipSync(''), /without an end-of-archive/],
    ['gzip of text', gzipSync('no tar at all'), /Unexpected end of data/],
    ['gzip of much text', gzipSync('no tar at all '.repeat(100)), /Invalid tar header/],
    ['half an end-of-archive', gzipSync(Buffer.alloc(512)), /without an end-of-archive/],
  ];
  for (const [what, bytes, message] of others)
    it(`refuses ${what}`, () => assert.rejects(itemsIn(bytes), corrupt(message)));

  it('reads the same whatever pieces it comes in', async () => {
    const tarball = await sealed([await segmentOf(pods)]);
    for (const size of [1, 7, 512, tarball.length]) assert.equal((await itemsFrom(inPieces(tarball, size))).length, 3);
  });

  it('comes to an end whatever is done to the archive within the gzip', async () => {
    const tar = gunzipSync(await sealed([await segmentOf(pods)]));
    const change = fc.record({ at: fc.nat(tar.length - 1), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 8 }), fc.nat(tar.length), async (changes, length) => {
        const damaged = Buffer.from(tar.subarray(0, tar.length - (length % 2_048)));
        for (const { at, byte } of changes) damaged[Math.min(at, damaged.length - 1)] = byte;
        await itemsIn(gzipSync(damaged, { level: 1 })).catch((error: BowlineError) =>
          assert.equal(error.code, 'CorruptBackup', error.stack),
        );
      }),
    );
  });

  it('reads no further ahead than its buffers', async () => {
    const { body } = await segmentOf(manyPods(200));
    const unpackedBytes = gunzipSync(body).length;
    let pulled = 0;
    async function* source(): AsyncIterable<Uint8Array> {
      for (let member = 0; member < 150; member++) {
        pulled++;
        yield body;
      }
      yield await sealed([]);
    }
    let [items, furthest] = [0, 0];
    for await (const _ of readTarball(Readable.from(source(), { highWaterMark: 1 }))) {
      items++;
      furthest = Math.max(furthest, pulled - items / 200);
    }
    assert.equal(items, 150 * 200);
    assert.ok(furthest * unpackedBytes < 4 * 1024 * 1024, `${furthest} members of ${unpackedBytes} bytes ahead`);
  });

  it('ends with Interrupted when the signal is given before it begins', async () => {
    const tarball = await sealed([await segmentOf(pods)]);
    await assert.rejects(itemsIn(tarball, { signal: AbortSignal.abort() }), { code: 'Interrupted' });
  });

  it('ends with Interrupted when the signal is given between two items, though all bytes are there', async () => {
    const interrupt = new AbortController();
    const source = Readable.from([await sealed([await segmentOf(manyPods(2_000))])]);
    await assert.rejects(
      async () => {
        for await (const _ of readTarball(source, { signal: interrupt.signal })) interrupt.abort();
      },
      { code: 'Interrupted' },
    );
    assert.ok(source.destroyed);
  });

  it('ends with Interrupted when the signal is given while the source is silent', async () => {
    const interrupt = new AbortController();
    const source = new Readable({ read: () => queueMicrotask(() => interrupt.abort()) });
    await assert.rejects(itemsFrom(source, { signal: interrupt.signal }), { code: 'Interrupted' });
    assert.ok(source.destroyed);
  });

  it('destroys the source when its consumer leaves', async () => {
    const { body } = await segmentOf(manyPods(2_000));
    const source = Readable.from([body, body]);
    const closed = once(source, 'close');
    for await (const _ of readTarball(source)) break;
    await closed;
  });

  const failures: readonly [string, Error, object][] = [
    ['as it is if it bears a code', new BowlineError('NotFound', 'get b'), { code: 'NotFound', message: 'get b' }],
    ['as Unavailable if not', new Error('socket hang up'), { code: 'Unavailable', message: /socket hang up/ }],
  ];
  for (const [how, failure, expected] of failures) {
    it(`tells a failure of the source ${how}`, async () => {
      const { body } = await segmentOf(pods);
      async function* source(): AsyncIterable<Uint8Array> {
        yield body;
        throw failure;
      }
      await assert.rejects(itemsFrom(Readable.from(source())), expected);
    });
  }
});

function inPieces(bytes: Buffer, size: number): Readable {
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  return Readable.from(pieces);
}

/** Items of about 200 bytes that hardly compress, in several namespaces. */
function manyPods(count: number): Item[] {
  return Array.from({ length: count }, (_, index) => ({
    ...pods[0]!,
    namespace: `shop-${Math.floor(index / 100)}`,
    name: `p${index}`,
    body: JSON.stringify({
      index,
      text: Math.sin(index + mtime.getTime())
        .toString(36)
        .repeat(10),
    }),
  }));
}
