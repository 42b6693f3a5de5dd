import assert from 'node:assert/strict';
import { assertKey, isKeyFolder } from '../../../src/plugins/object-stores/key.ts';

describe('assertKey', () => {
  for (const key of ['a', 'backups/nightly/velero-backup.json', '..a/b..', '...', 'a b', '\u00e9', 'k'.repeat(1_024)])
    it(`takes ${JSON.stringify(key.slice(0, 40))}`, () => assertKey(key));

  for (const [key, problem] of [
    ['', 'expected no empty segment'],
    ['/', 'expected no empty segment'],
    ['/a', 'expected no empty segment'],
    ['a/', 'expected no empty segment'],
    ['a//b', 'expected no empty segment'],
    ['.', 'expected no segment `.`'],
    ['a/.', 'expected no segment `.`'],
    ['..', 'expected no segment `..`'],
    ['a/../b', 'expected no segment `..`'],
    ['a\\b', 'expected no backslash'],
    ['a\0', 'expected no control characters'],
    ['a\x7f', 'expected no control characters'],
    ['k'.repeat(1_025), 'expected at most 1024 bytes, got 1025'],
  ] as const)
    it(`refuses ${JSON.stringify(key.slice(0, 40))}: ${problem}`, () =>
      assert.throws(() => assertKey(key), {
        code: 'InvalidConfig',
        message: `key ${JSON.stringify(key.slice(0, 200))}: ${problem}`,
      }));

  it('counts bytes, not characters', () => {
    assertKey('\u00e9'.repeat(512));
    assert.throws(() => assertKey('\u00e9'.repeat(513)), { code: 'InvalidConfig' });
  });

  it('shows no more of a long key than people read', () => {
    assert.throws(
      () => assertKey('k'.repeat(5_000)),
      (error: Error) => error.message.length < 400,
    );
  });
});

describe('isKeyFolder', () => {
  for (const folder of ['', 'a/', 'a/b/', '.a/'])
    it(`holds for ${JSON.stringify(folder)}`, () => assert.ok(isKeyFolder(folder)));
  for (const folder of ['/', '//', 'a//', './', '../', 'a/../'])
    it(`does not hold for ${JSON.stringify(folder)}`, () => assert.ok(!isKeyFolder(folder)));
});
