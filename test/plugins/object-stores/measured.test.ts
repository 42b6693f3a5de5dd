import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { BowlineError } from '../../../src/api/errors.ts';
import { measured } from '../../../src/plugins/object-stores/measured.ts';

/** SHA-256 of `hello`. */
const helloSha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

describe('measured', () => {
  for (const [title, body] of [
    ['bytes', () => new Uint8Array(Buffer.from('hello'))],
    ['a part of a larger buffer', () => Buffer.from('say hello!').subarray(4, 9)],
    ['a stream of bytes', () => Readable.from([Buffer.from('he'), Buffer.from('llo')], { objectMode: false })],
    ['a stream of texts', () => Readable.from(['he', 'llo'])],
  ] as const)
    it(`counts and digests ${title}`, async () => {
      const { stream, written } = measured(body());
      assert.equal(await text(stream), 'hello');
      assert.deepEqual(written(), { bytes: 5, sha256: helloSha256 });
    });

  it('fails as the body does, with its code', async () => {
    const failure = new BowlineError('CorruptBackup', 'read b: cut off');
    const body = new Readable({ read: () => body.destroy(failure) });
    await assert.rejects(text(measured(body).stream), failure);
  });

  it('is Unavailable where the body fails with no code, or ends early without a failure', async () => {
    const failing = new Readable({ read: () => failing.destroy(new Error('boom')) });
    await assert.rejects(text(measured(failing).stream), { code: 'Unavailable', message: 'read body: boom' });
    const ending = new Readable({ read: () => ending.destroy() });
    await assert.rejects(text(measured(ending).stream), { code: 'Unavailable' });
  });

  it('does not take what the system says of the body for what the store says', async () => {
    const failure = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
    const body = new Readable({ read: () => body.destroy(failure) });
    await assert.rejects(text(measured(body).stream), { code: 'Unavailable' });
  });

  it('fails for a reader that comes after the failure', async () => {
    const body = new Readable({ read: () => undefined });
    const { stream } = measured(body);
    const closed = new Promise((resolve) => stream.once('close', resolve));
    body.destroy(new BowlineError('CorruptBackup', 'read b: cut off'));
    await closed;
    await assert.rejects(text(stream), { code: 'CorruptBackup' });
  });

  it('destroys the body when it is destroyed', async () => {
    const body = new Readable({ read: () => undefined });
    const { stream } = measured(body);
    stream.destroy();
    await once(body, 'close');
    assert.equal(body.destroyed, true);
  });
});
