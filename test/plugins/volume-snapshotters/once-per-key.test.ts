import assert from 'node:assert/strict';
import { OncePerKey } from '../../../src/plugins/volume-snapshotters/once-per-key.ts';

describe('OncePerKey', () => {
  let made: string[];

  beforeEach(() => {
    made = [];
  });

  const making = (id: string) => async () => {
    made.push(id);
    return id;
  };

  it('makes one thing for calls at the same time and later, another for another key', async () => {
    const once = new OncePerKey(10);
    assert.deepEqual(await Promise.all([once.get('a', making('1')), once.get('a', making('2'))]), ['1', '1']);
    assert.equal(await once.get('a', making('3')), '1');
    assert.equal(await once.get('b', making('4')), '4');
    assert.deepEqual(made, ['1', '4']);
  });

  it('remembers no failure', async () => {
    const once = new OncePerKey(10);
    await assert.rejects(
      once.get('a', () => Promise.reject(new Error('refused'))),
      /refused/,
    );
    assert.equal(await once.get('a', making('1')), '1');
  });

  it('makes anew what is gone', async () => {
    const once = new OncePerKey(10);
    await once.get('a', making('1'));
    once.forget('1');
    once.forget('absent');
    assert.equal(await once.get('a', making('2')), '2');
  });

  it('forgets the oldest when there are too many', async () => {
    const once = new OncePerKey(2);
    for (const key of ['a', 'b', 'c']) await once.get(key, making(key));
    assert.equal(await once.get('c', making('again')), 'c');
    assert.equal(await once.get('a', making('again')), 'again');
  });
});
