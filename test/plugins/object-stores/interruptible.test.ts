import assert from 'node:assert/strict';
import { objectStoreChecks } from '../../../src/plugins/conformance/object-store.ts';
import { interruptible } from '../../../src/plugins/object-stores/interruptible.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { everyCall } from './every-call.ts';

describe('object store: memory, interruptible', () => {
  itConforms(objectStoreChecks, async () => interruptible(new MemoryStore(), new AbortController().signal));
});

describe('interruptible', () => {
  for (const [name, call] of everyCall)
    it(`ends ${name} when its signal fires`, async () => {
      await assert.rejects(call(interruptible(new MemoryStore(), AbortSignal.abort())), { code: 'Interrupted' });
    });
});
