import assert from 'node:assert/strict';
import { KeptLines } from '../../src/activities/kept-lines.ts';
import type { StagedRef } from '../../src/api/run.ts';

const ref = (key: string, sha256 = 'a'): StagedRef => ({ key, sha256, bytes: 1 });
const mebibytes = (count: number): string[] => Array.from({ length: count }, () => 'x'.repeat(1024 * 1024));

describe('KeptLines', () => {
  it('gives back what was kept last of a key, and only for its digest', () => {
    const kept = new KeptLines();
    assert.equal(kept.of(ref('one')), undefined);
    kept.keep(ref('one'), ['1', '2']);
    assert.deepEqual(kept.of(ref('one')), ['1', '2']);
    assert.equal(kept.of(ref('one', 'b')), undefined);
    assert.equal(kept.of(ref('two')), undefined);
  });

  it('lets the oldest go beyond 8 Mi characters', () => {
    const kept = new KeptLines();
    for (const key of ['one', 'two', 'three']) kept.keep(ref(key), mebibytes(3));
    assert.deepEqual(
      ['one', 'two', 'three'].map((key) => kept.of(ref(key)) !== undefined),
      [false, true, true],
    );
    kept.keep(ref('larger'), mebibytes(9));
    assert.equal(kept.of(ref('larger')), undefined);
  });

  it('counts a key that is kept anew once', () => {
    const kept = new KeptLines();
    for (let times = 0; times < 3; times++) kept.keep(ref('one'), mebibytes(4));
    kept.keep(ref('two'), mebibytes(4));
    assert.ok(kept.of(ref('one')) && kept.of(ref('two')));
  });
});
