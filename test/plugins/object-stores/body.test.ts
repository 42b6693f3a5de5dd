import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileSystemError } from '../../../src/plugins/file-system-errors.ts';
import { bodyOf } from '../../../src/plugins/object-stores/body.ts';

function options(signal?: AbortSignal) {
  return { tried: 'get b/k', signal, fault: fileSystemError };
}

/** Resolves when the stream is closed, however it came to that. */
function closeOf(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once('close', () => resolve()));
}

describe('bodyOf', () => {
  it('passes the bytes on', async () => {
    assert.equal(await text(bodyOf(Readable.from(['a', 'b']), options())), 'ab');
  });

  it('fails with what the fault of the source is mapped to', async () => {
    const source = new Readable({ read: () => source.destroy(Object.assign(new Error('disk'), { code: 'EIO' })) });
    await assert.rejects(text(bodyOf(source, options())), { code: 'Unavailable', message: 'get b/k: EIO' });
  });

  it('fails with Interrupted when the signal fires, while it waits for the source too', async () => {
    const stop = new AbortController();
    const body = bodyOf(new Readable({ read: () => setImmediate(() => stop.abort()) }), options(stop.signal));
    await assert.rejects(text(body), { code: 'Interrupted', message: 'get b/k: interrupted' });
  });

  it('closes the source when it is closed, read or not', async () => {
    for (const read of [true, false]) {
      const source = new Readable({ read: () => source.push('x') });
      const body = bodyOf(source, options());
      if (read) await once(body.resume(), 'data');
      const closed = closeOf(source);
      body.destroy();
      await closed;
    }
  });

  it('survives a source that fails when nobody reads', async () => {
    const source = new Readable({ read: () => undefined });
    const body = bodyOf(source, options());
    const closed = closeOf(source);
    source.destroy(new Error('late'));
    await closed;
    await assert.rejects(text(body), { code: 'Unavailable' });
  });
});
