import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { filesystem } from '../../../src/plugins/object-stores/filesystem.ts';
import { prefixed } from '../../../src/plugins/object-stores/prefixed.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function keysOf(keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys) found.push(key);
  return found;
}

describe('prefixed', () => {
  it('keeps its keys below the prefix, and shows none of the others', async () => {
    const whole = await filesystem({ path: temporaryFolder(), bucket: 'b' });
    const store = prefixed(whole, 'velero/eu');
    await store.putObject('backups/a/k', Buffer.from('x'));
    for (const key of ['velero/eu-west/k', 'velero/k', 'k']) await whole.putObject(key, Buffer.from('other'));

    assert.equal(await text(await whole.getObject('velero/eu/backups/a/k')), 'x');
    assert.deepEqual(await keysOf(store.listObjects('')), ['backups/a/k']);
    assert.deepEqual(await keysOf(store.listCommonPrefixes('', '/')), ['backups/']);
    assert.equal(await store.objectExists('k'), false);
    assert.equal(store.url, `${whole.url}/velero/eu`);
  });

  it('does not reach above the prefix', async () => {
    const store = prefixed(await filesystem({ path: temporaryFolder(), bucket: 'b' }), 'velero');
    await assert.rejects(store.getObject('../k'), { code: 'InvalidConfig' });
    assert.deepEqual(await keysOf(store.listObjects('../')), []);
  });

  for (const prefix of ['velero', '/velero', 'velero/', '//velero//'])
    it(`takes ${prefix} for the same prefix, with slashes or without`, async () => {
      const whole = await filesystem({ path: temporaryFolder(), bucket: 'b' });
      await prefixed(whole, prefix).putObject('k', Buffer.from('x'));
      assert.deepEqual(await keysOf(whole.listObjects('')), ['velero/k']);
    });

  for (const prefix of ['', '/', '//'])
    it(`is the store itself for the prefix ${JSON.stringify(prefix)}`, async () => {
      const whole = await filesystem({ path: temporaryFolder(), bucket: 'b' });
      assert.equal(prefixed(whole, prefix), whole);
    });
});
