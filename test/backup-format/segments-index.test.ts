import assert from 'node:assert/strict';
import type { Member } from '../../src/backup-format/segment-writer.ts';
import {
  decodeSegmentsIndex,
  encodeSegmentsIndex,
  rangesOf,
  type SegmentsIndex,
} from '../../src/backup-format/segments-index.ts';

const digest = '0'.repeat(64);

function member(offset: number, length: number, types: string, namespaces: string): Member {
  return {
    offset,
    length,
    sha256: digest,
    groupResources: types.split(' '),
    namespaces: namespaces.split(' '),
    items: 1,
  };
}

const members = [
  member(50, 100, 'pods', 'shop'),
  member(150, 100, 'pods', 'bank'),
  member(250, 100, 'pods secrets', 'bank shop'),
  member(350, 100, 'nodes namespaces', ''),
];
const index: SegmentsIndex = { version: 1, bytes: 500, sha256: digest, members };
const file = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('decodeSegmentsIndex', () => {
  it('is undone by encodeSegmentsIndex', () =>
    assert.deepEqual(decodeSegmentsIndex(encodeSegmentsIndex(index)), index));

  const others: readonly [string, unknown][] = [
    ['of another version', { ...index, version: 2 }],
    ['without members', { version: 1, bytes: 500, sha256: digest }],
    ['without digests of members', { ...index, members: [{ ...members[0], sha256: undefined }] }],
    ['that is null', null],
  ];
  for (const [what, value] of others)
    it(`gives nothing to read by of one ${what}`, () => assert.equal(decodeSegmentsIndex(file(value)), undefined));

  const changed = (change: Partial<Record<keyof Member, unknown>>) => ({
    ...index,
    members: [{ ...members[0], ...change }],
  });
  const corrupt: readonly [string, unknown][] = [
    ['a member that begins before the tarball', changed({ offset: -1 })],
    ['a member that ends after the tarball', changed({ length: 451 })],
    ['a member of a gigabyte', { ...changed({ length: 2 ** 30 }), bytes: 2 ** 31 }],
    ['an offset that is no number', changed({ offset: '50' })],
    ['a digest that is none', changed({ sha256: 'x' })],
    ['a count that is none', changed({ items: 1.5 })],
    ['namespaces that are no texts', changed({ namespaces: [1] })],
    ['members that overlap', { ...index, members: [members[1], members[0]] }],
  ];
  for (const [what, value] of corrupt) {
    it(`refuses ${what}`, () =>
      assert.throws(() => decodeSegmentsIndex(file(value)), {
        code: 'CorruptBackup',
        message: /^read index of segments: member \d is none of the tarball's$/,
      }));
  }

  it('refuses what is no JSON', () =>
    assert.throws(() => decodeSegmentsIndex(Buffer.from('{')), { code: 'CorruptBackup' }));
});

describe('rangesOf', () => {
  it('joins members that lie one behind the other', () => {
    assert.deepEqual(
      rangesOf(index, () => true),
      [{ start: 50, end: 449, members }],
    );
    assert.deepEqual(
      rangesOf(index, (type, namespace) => type === 'pods' && namespace === 'shop'),
      [
        { start: 50, end: 149, members: [members[0]] },
        { start: 250, end: 349, members: [members[2]] },
      ],
    );
    assert.deepEqual(
      rangesOf(index, (_type, namespace) => namespace === ''),
      [{ start: 350, end: 449, members: [members[3]] }],
    );
    assert.deepEqual(
      rangesOf(index, () => false),
      [],
    );
  });

  it('keeps ranges below 8 MiB', () => {
    const long = [0, 1, 2].map((n) => member(n * 5_000_000, 5_000_000, 'pods', 'shop'));
    assert.equal(rangesOf({ ...index, members: long }, () => true).length, 3);
  });
});
