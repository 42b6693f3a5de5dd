import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { objectStoreChecks } from '../../../src/plugins/conformance/object-store.ts';
import type { ObjectStore } from '../../../src/plugins/object-store.ts';
import { filesystem } from '../../../src/plugins/object-stores/filesystem.ts';
import { prefixed } from '../../../src/plugins/object-stores/prefixed.ts';
import { serveSignedFiles, type SignedFiles } from '../../../src/signed-files.ts';
import { freePort } from '../../../tools/stack/server.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { eventually } from '../../tools/stack/eventually.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function keysOf(keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys) found.push(key);
  return found;
}

/** A location whose URLs are signed, and served until the test ends. */
async function served(services: SignedFiles[]): Promise<ObjectStore> {
  const config = { path: temporaryFolder(), signedUrlListen: `127.0.0.1:${await freePort()}` };
  const location = { name: 'default', provider: 'filesystem', objectStorage: { bucket: 'b' }, config };
  services.push(await serveSignedFiles([location], { now: () => new Date(), warn: assert.fail }));
  return filesystem({ ...config, bucket: 'b' });
}

describe('object store: filesystem', () => {
  const services: SignedFiles[] = [];
  itConforms(objectStoreChecks, async () => served(services));
  afterEach(async () => {
    for (const service of services.splice(0)) await service.close();
  });

  describe('files', () => {
    let path: string;
    let root: string;
    let store: ObjectStore;

    beforeEach(async () => {
      path = temporaryFolder();
      root = join(path, 'b');
      store = await filesystem({ path, bucket: 'b' });
    });

    /** Every path in the bucket, what is incomplete included. */
    function everything(): string[] {
      return readdirSync(root, { recursive: true }).map(String).sort();
    }

    it('are what the keys say', async () => {
      await store.putObject('a/b.json', Buffer.from('{}'));
      assert.equal(readFileSync(join(root, 'a/b.json'), 'utf8'), '{}');
      assert.equal(store.url, `file://${root}`);
    });

    it('take their directories with them when they go, up to the next one that is in use', async () => {
      await store.putObject('a/b/c/d', Buffer.from('x'));
      await store.putObject('a/e', Buffer.from('x'));
      await store.deleteObject('a/b/c/d');
      assert.deepEqual(everything(), ['.bowline-incomplete', 'a', 'a/e']);
      await store.deleteObject('a/e');
      assert.deepEqual(everything(), ['.bowline-incomplete']);
    });

    it('take directories with them that a deletion left which was cut off', async () => {
      mkdirSync(join(root, 'a/b/c'), { recursive: true });
      await store.deleteObject('a/b/c/d');
      assert.deepEqual(everything(), ['.bowline-incomplete']);
    });

    for (const [title, body, options] of [
      ['whose body fails', () => Readable.from(failingBody()), {}],
      ['whose signal has fired', () => Readable.from(['text']), { signal: AbortSignal.abort() }],
      ['of what is there', () => Readable.from(['text']), { ifAbsent: true }],
    ] as const)
      it(`are not left in part by a write ${title}`, async () => {
        await store.putObject('there/k', Buffer.from('first'));
        const before = everything();
        await assert.rejects(store.putObject('there/k', body(), options));
        if (title !== 'of what is there') await assert.rejects(store.putObject('new/k', body(), options));
        assert.deepEqual(everything(), before);
        assert.equal(readFileSync(join(root, 'there/k'), 'utf8'), 'first');
      });

    it('appear whole: while one is written, its key is free and no list shows it', async () => {
      let seen: unknown[] = [];
      const body = Readable.from(
        (async function* () {
          yield 'first half';
          await eventually('something is written', () => everything().length === 2);
          seen = [await store.objectExists('k'), await keysOf(store.listObjects(''))];
          yield ', second half';
        })(),
      );
      await store.putObject('k', body);
      assert.deepEqual(seen, [false, []]);
      assert.equal(readFileSync(join(root, 'k'), 'utf8'), 'first half, second half');
    });

    it('are read as they were when the reader came, even if they are replaced and deleted then', async () => {
      await store.putObject('k', Buffer.from('first'));
      const [one, two] = [await store.getObject('k'), await store.getObject('k', { range: { start: 1, end: 2 } })];
      await store.putObject('k', Buffer.from('2'));
      await store.deleteObject('k');
      assert.deepEqual([await text(one), await text(two)], ['first', 'ir']);
    });

    it('can not have files below them: Unsupported', async () => {
      await store.putObject('a', Buffer.from('x'));
      await store.putObject('b/c', Buffer.from('x'));
      for (const options of [{}, { ifAbsent: true }])
        await assert.rejects(store.putObject('a/b', Buffer.from('y'), options), { code: 'Unsupported' });
      await assert.rejects(store.putObject('b', Buffer.from('y')), { code: 'Unsupported' });
      assert.deepEqual(await keysOf(store.listObjects('')), ['a', 'b/c']);
    });

    it('that are being written have no keys', async () => {
      writeFileSync(join(root, '.bowline-incomplete/k'), 'half');
      for (const prefix of ['', '.bowline-incomplete', '.bowline-incomplete/', '.bowline-incomplete/k'])
        assert.deepEqual(await keysOf(store.listObjects(prefix)), [], prefix);
      for (const key of ['.bowline-incomplete', '.bowline-incomplete/k'])
        await assert.rejects(store.getObject(key), { code: 'InvalidConfig' });
      await store.putObject('.bowline-incomplete-not', Buffer.from('x'));
      await store.putObject('a/.bowline-incomplete/k', Buffer.from('x'));
      assert.deepEqual(await keysOf(store.listObjects('')), ['.bowline-incomplete-not', 'a/.bowline-incomplete/k']);
    });

    it('outside of the bucket are in no list', async () => {
      writeFileSync(join(path, 'outside'), 'x');
      for (const prefix of ['', '../', '../o', '/', 'a/../../'])
        assert.deepEqual(await keysOf(store.listObjects(prefix)), [], prefix);
    });

    it('with names that are too long for a disk reject with InvalidConfig', async () => {
      await assert.rejects(store.putObject('k'.repeat(300), Buffer.from('x')), { code: 'InvalidConfig' });
    });
  });

  describe('configuration', () => {
    it('names all unknown and missing keys at once', async () => {
      await assert.rejects(filesystem({ bucket: 'b', region: 'eu', zone: 'a' }), {
        code: 'InvalidConfig',
        message: /invalid keys \[region zone\].*lacks \[path\]/,
      });
    });

    it('refuses a path that is not there, and makes none', async () => {
      const path = join(temporaryFolder(), 'absent');
      await assert.rejects(filesystem({ path, bucket: 'b' }), {
        code: 'InvalidConfig',
        message: `open ${path}: ENOENT`,
      });
      assert.equal(existsSync(path), false);
    });

    it('opens what may only be read, and refuses writes with AccessDenied', async () => {
      const path = temporaryFolder();
      mkdirSync(join(path, 'b'));
      writeFileSync(join(path, 'b/k'), 'content');
      chmodSync(join(path, 'b'), 0o555);
      chmodSync(path, 0o555);
      await asNobody(async () => {
        const store = await filesystem({ path, bucket: 'b' });
        assert.deepEqual(await keysOf(store.listObjects('')), ['k']);
        assert.equal(await text(await store.getObject('k')), 'content');
        for (const write of [store.putObject('l', Buffer.from('x')), store.deleteObject('k')])
          await assert.rejects(write, {
            code: 'AccessDenied',
            message: new RegExp(`^(put|delete) ${store.url}/.: EACCES$`),
          });
        await assert.rejects(filesystem({ path, bucket: 'absent' }), { code: 'InvalidConfig' });
      });
      chmodSync(path, 0o755);
      chmodSync(join(path, 'b'), 0o755);
    });

    it('signs no URLs unless it is told where they lead', async () => {
      const store = await filesystem({ path: temporaryFolder(), bucket: 'b' });
      await assert.rejects(store.createSignedUrl('k', 60), {
        code: 'Unsupported',
        message: `sign ${store.url}/k: neither signedUrlListen nor publicUrl is configured`,
      });
    });

    it('signs URLs that lead where publicUrl says, with the key of signedUrlKeyFile', async () => {
      const [path, keyFile] = [temporaryFolder(), join(temporaryFolder(), 'key')];
      const config = { path, bucket: 'b', publicUrl: 'https://files.example.com/bowline/', signedUrlKeyFile: keyFile };
      const url = await (await filesystem(config)).createSignedUrl('a/k', 60);
      assert.ok(url.startsWith('https://files.example.com/bowline/b/a/k?expires='), url);
      assert.ok(existsSync(keyFile));
      assert.deepEqual(readdirSync(path), ['b']);
    });

    const refused = [
      ...['8085', ':8085', 'host', 'host:0', 'host:65536', 'http://host:1', '::1:80'].map((signedUrlListen) => ({
        config: { signedUrlListen },
        says: `signedUrlListen: expected a host and a port such as 127.0.0.1:8085, got ${signedUrlListen}`,
      })),
      { config: { publicUrl: 'files' }, says: 'publicUrl: expected http://… or https://…, got files' },
      { config: { signedUrlKeyFile: 'k' }, says: 'signedUrlKeyFile: of no use without signedUrlListen or publicUrl' },
    ];
    for (const { config, says } of refused)
      it(`refuses ${JSON.stringify(config)}`, async () => {
        await assert.rejects(filesystem({ path: temporaryFolder(), bucket: 'b', ...config }), {
          code: 'InvalidConfig',
          message: `filesystem object store: ${says}`,
        });
      });

    for (const bucket of ['.', '..', 'a/b', '../b', 'a\\b'])
      it(`refuses the bucket ${bucket}`, async () => {
        await assert.rejects(filesystem({ path: temporaryFolder(), bucket }), { code: 'InvalidConfig' });
      });
  });
});

describe('object store: filesystem below a prefix', () => {
  itConforms(objectStoreChecks, async () =>
    prefixed(await filesystem({ path: temporaryFolder(), bucket: 'b' }), 'velero/eu'),
  );
});

/** Runs `use` without the rights of root, where the tests have those. */
async function asNobody(use: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return use();
  process.seteuid?.(65_534);
  try {
    await use();
  } finally {
    process.seteuid?.(0);
  }
}

function* failingBody(): Generator<string> {
  yield 'half';
  throw new Error('boom');
}
