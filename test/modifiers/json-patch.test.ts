import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseJson, type JsonValue } from '../../src/api/json.ts';
import { applyJsonPatch, type PatchOperation } from '../../src/modifiers/json-patch.ts';

interface Case {
  readonly title: string;
  readonly document: JsonValue;
  readonly patch: readonly PatchOperation[];
  readonly expected: JsonValue;
}

const cases: readonly Case[] = [
  {
    title: 'adds a member',
    document: { foo: 'bar' },
    patch: [{ op: 'add', path: '/baz', value: 'qux' }],
    expected: { baz: 'qux', foo: 'bar' },
  },
  {
    title: 'adds over a member that is there',
    document: { foo: null },
    patch: [{ op: 'add', path: '/foo', value: 1 }],
    expected: { foo: 1 },
  },
  {
    title: 'adds an element in its place',
    document: { foo: ['bar', 'baz'] },
    patch: [{ op: 'add', path: '/foo/1', value: 'qux' }],
    expected: { foo: ['bar', 'qux', 'baz'] },
  },
  {
    title: 'adds an element at the end, which has two names',
    document: { foo: ['bar'] },
    patch: [
      { op: 'add', path: '/foo/-', value: ['abc'] },
      { op: 'add', path: '/foo/2', value: 'def' },
    ],
    expected: { foo: ['bar', ['abc'], 'def'] },
  },
  {
    title: 'removes members and elements',
    document: { baz: 'qux', foo: ['bar', 'qux', 'baz'] },
    patch: [
      { op: 'remove', path: '/baz' },
      { op: 'remove', path: '/foo/1' },
    ],
    expected: { foo: ['bar', 'baz'] },
  },
  {
    title: 'replaces members and elements',
    document: { baz: 'qux', foo: ['bar'] },
    patch: [
      { op: 'replace', path: '/baz', value: { a: 1 } },
      { op: 'replace', path: '/foo/0', value: null },
    ],
    expected: { baz: { a: 1 }, foo: [null] },
  },
  {
    title: 'moves a member',
    document: { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
    patch: [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
    expected: { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
  },
  {
    title: 'moves an element within its list',
    document: { foo: ['all', 'grass', 'cows', 'eat'] },
    patch: [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
    expected: { foo: ['all', 'cows', 'eat', 'grass'] },
  },
  {
    title: 'copies, and keeps the copy apart',
    document: { a: { b: 1 } },
    patch: [
      { op: 'copy', from: '/a', path: '/c' },
      { op: 'replace', path: '/c/b', value: 2 },
    ],
    expected: { a: { b: 1 }, c: { b: 2 } },
  },
  {
    title: 'goes on after a test that holds',
    document: { baz: 'qux', foo: ['a', 2, { c: [1, null] }] },
    patch: [
      { op: 'test', path: '/baz', value: 'qux' },
      { op: 'test', path: '/foo/2', value: { c: [1, null] } },
      { op: 'remove', path: '/baz' },
    ],
    expected: { foo: ['a', 2, { c: [1, null] }] },
  },
  {
    title: 'takes a test for null for one that nothing is there',
    document: { foo: null },
    patch: [
      { op: 'test', path: '/foo', value: null },
      { op: 'test', path: '/bar', value: null },
    ],
    expected: { foo: null },
  },
  {
    title: 'reads escapes in paths once',
    document: { 'a/b': 1, '~1': 2, '': 3 },
    patch: [
      { op: 'replace', path: '/a~1b', value: 10 },
      { op: 'replace', path: '/~01', value: 20 },
      { op: 'replace', path: '/', value: 30 },
    ],
    expected: { 'a/b': 10, '~1': 20, '': 30 },
  },
  {
    title: 'counts negative indices from the end',
    document: { foo: [1, 2, 3] },
    patch: [
      { op: 'replace', path: '/foo/-1', value: 30 },
      { op: 'remove', path: '/foo/-3' },
      { op: 'add', path: '/foo/-1', value: 4 },
    ],
    expected: { foo: [2, 30, 4] },
  },
];

/** What can't be applied, and whether a `test` or a missing path is why. */
const refusals: readonly { title: string; patch: PatchOperation; isTest?: boolean; isMissing?: boolean }[] = [
  { title: 'a test of another value', patch: { op: 'test', path: '/list/0', value: 2 }, isTest: true },
  { title: 'a test where nothing is', patch: { op: 'test', path: '/none', value: 2 }, isTest: true },
  { title: 'a test below nothing', patch: { op: 'test', path: '/none/a', value: 2 }, isMissing: true },
  { title: 'an addition below nothing', patch: { op: 'add', path: '/none/a', value: 1 }, isMissing: true },
  { title: 'an addition below a text', patch: { op: 'add', path: '/text/a', value: 1 }, isMissing: true },
  { title: 'an addition beyond the end', patch: { op: 'add', path: '/list/3', value: 1 }, isMissing: true },
  { title: 'an index that is none', patch: { op: 'add', path: '/list/01', value: 1 }, isMissing: true },
  { title: 'the end of a list to be removed', patch: { op: 'remove', path: '/list/-' }, isMissing: true },
  { title: 'a removal of nothing', patch: { op: 'remove', path: '/none' }, isMissing: true },
  { title: 'a replacement of nothing', patch: { op: 'replace', path: '/none', value: 1 }, isMissing: true },
  { title: 'what every object has', patch: { op: 'remove', path: '/constructor' }, isMissing: true },
  { title: 'a copy of nothing', patch: { op: 'copy', from: '/none', path: '/a' }, isMissing: true },
  { title: 'a move into itself', patch: { op: 'move', from: '/object', path: '/object/a' }, isMissing: true },
  { title: 'the whole document', patch: { op: 'remove', path: '' } },
  { title: 'a path without its slash', patch: { op: 'add', path: 'a', value: 1 } },
  { title: 'an escape that is none', patch: { op: 'add', path: '/a~2', value: 1 } },
];

describe('applyJsonPatch', () => {
  for (const { title, document, patch, expected } of cases) {
    it(title, () => {
      const before = JSON.stringify(document);
      assert.deepEqual(applyJsonPatch(document, patch), { done: true, document: expected });
      assert.equal(JSON.stringify(document), before);
    });
  }

  for (const { title, patch, isTest = false, isMissing = false } of refusals) {
    it(`refuses ${title}, and undoes what came before`, () => {
      const document = { list: [1, 2], text: 'text', object: { a: 1 } };
      const outcome = applyJsonPatch(document, [{ op: 'add', path: '/new', value: 1 }, patch]);
      assert.ok(!outcome.done);
      assert.deepEqual([outcome.isTest, outcome.isMissing], [isTest, isMissing]);
      assert.ok(outcome.reason.startsWith(`${patch.op} `), outcome.reason);
      assert.deepEqual(document, { list: [1, 2], text: 'text', object: { a: 1 } });
    });
  }

  it('keeps every digit of a number that it moves, copies or adds', () => {
    const document = parseJson('{"big":9007199254740993}');
    const outcome = applyJsonPatch(document, [
      { op: 'copy', from: '/big', path: '/copy' },
      { op: 'test', path: '/copy', value: parseJson('9007199254740993') },
      { op: 'add', path: '/other', value: parseJson('[12345678901234567890]') },
    ]);
    assert.ok(outcome.done);
    assert.equal(
      JSON.stringify(outcome.document),
      '{"big":9007199254740993,"copy":9007199254740993,"other":[12345678901234567890]}',
    );
  });

  it('adds a member named __proto__ as any other', () => {
    const outcome = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }]);
    assert.ok(outcome.done);
    assert.equal(JSON.stringify(outcome.document), '{"__proto__":{"polluted":true}}');
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it('removes what it adds, wherever that is', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.array(fc.jsonValue())),
        fc.string(),
        fc.jsonValue(),
        (object, name, value) => {
          fc.pre(!Object.hasOwn(object, name));
          const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
          const added = applyJsonPatch(object as JsonValue, [
            { op: 'add', path, value: value as JsonValue },
            { op: 'test', path, value: value as JsonValue },
            { op: 'remove', path },
          ]);
          assert.ok(added.done);
          assert.equal(JSON.stringify(added.document), JSON.stringify(object));
        },
      ),
    );
  });
});
