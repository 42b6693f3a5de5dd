import assert from 'node:assert/strict';
import { BowlineError, errorCode } from '../../api/errors.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Check } from './check.ts';
import { all, read, write } from './contents.ts';

/** That whoever asks may do all that a backup needs; if not, it says what is missing. */
export const accessCheck: Check<ObjectStore> = {
  title: 'an object can be listed, written, read and deleted',
  async verify(store) {
    await granted('it may not be listed', () => all(store.listObjects('')));
    await granted('it may not be written to', () => write(store, 'access'));
    assert.equal(await granted('it may not be read', () => read(store, 'access')), 'access');
    await granted('what is in it may not be deleted, or is locked', () => store.deleteObject('access'));
    assert.equal(await store.objectExists('access'), false);
  },
};

/** Puts what a refusal means before what was refused. */
async function granted<T>(meaning: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (errorCode(error) !== 'AccessDenied') throw error;
    throw new BowlineError('AccessDenied', `${meaning}: ${(error as Error).message}`, { cause: error });
  }
}
