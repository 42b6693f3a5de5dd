import assert from 'node:assert/strict';
import type { BowlineError } from '../../src/api/errors.ts';
import type { Trace } from '../../src/api/trace.ts';
import { objectStoreChecks } from '../../src/plugins/conformance/object-store.ts';
import { tracedProvider } from '../../src/plugins/traced-provider.ts';
import { itConforms } from '../support/it-conforms.ts';
import { MemorySnapshotter } from '../support/memory-snapshotter.ts';
import { MemoryStore } from '../support/memory-store.ts';

/** Keeps what spans tell, in the order of their ends. */
function recorder(): { readonly told: string[]; readonly trace: Trace } {
  const told: string[] = [];
  const begin: Trace['begin'] = (name, attributes) => {
    let all = attributes;
    return {
      set: (more) => (all = { ...all, ...more }),
      end: (error) =>
        void told.push(`${name} ${JSON.stringify(all)}${error ? ` ${(error as BowlineError).code}` : ''}`),
    };
  };
  return { told, trace: { begin } };
}

describe('a traced object store', () => {
  itConforms(objectStoreChecks, async () =>
    tracedProvider(new MemoryStore(), { trace: recorder().trace, contract: 'ObjectStore', attributes: {} }),
  );

  it('makes a span of each call, also of one that fails and of a list that is not read to its end', async () => {
    const { told, trace } = recorder();
    const store = tracedProvider(new MemoryStore(), { trace, contract: 'ObjectStore', attributes: { at: 'x' } });
    await store.putObject('a', Buffer.from('1'));
    await store.putObject('b', Buffer.from('2'));
    await assert.rejects(store.getObject('absent'), { code: 'NotFound' });
    for await (const _ of store.listObjects('')) break;
    store.listObjects('');
    assert.deepEqual(told, [
      'ObjectStore.putObject {"at":"x"}',
      'ObjectStore.putObject {"at":"x"}',
      'ObjectStore.getObject {"at":"x"} NotFound',
      'ObjectStore.listObjects {"at":"x","bowline.listed":1}',
    ]);
  });
});

describe('a traced snapshotter', () => {
  it('makes no span of what reads its argument alone', () => {
    const { told, trace } = recorder();
    const snapshotter = tracedProvider(new MemorySnapshotter(), {
      trace,
      contract: 'VolumeSnapshotter',
      attributes: {},
    });
    snapshotter.getVolumeId({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'x' } });
    assert.deepEqual(told, []);
  });
});
