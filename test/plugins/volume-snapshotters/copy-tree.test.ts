import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmod,
  chown,
  link,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { copyTree } from '../../../src/plugins/volume-snapshotters/copy-tree.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const past = new Date('2020-02-03T04:05:06.789Z');
const isRoot = process.getuid?.() === 0;

describe('copyTree', () => {
  let from: string;
  let to: string;

  beforeEach(async () => {
    const folder = temporaryFolder();
    [from, to] = [join(folder, 'from'), join(folder, 'to')];
    await mkdir(from);
  });

  it('copies files of any name and size, at any depth, and empty directories', async () => {
    const files: Record<string, Buffer> = {
      'a/b/c/deep': Buffer.from('deep'),
      empty: Buffer.alloc(0),
      large: Buffer.alloc(3_000_000, 'large'),
      ' with space \u00e9\n': Buffer.from('odd'),
      '.hidden': Buffer.from('hidden'),
    };
    await mkdir(join(from, 'a/b/c'), { recursive: true });
    await mkdir(join(from, 'nothing/in/here'), { recursive: true });
    for (const [name, content] of Object.entries(files)) await writeFile(join(from, name), content);
    for (let index = 0; index < 100; index++) await writeFile(join(from, `a/${index}`), `${index}`);

    await copyTree(from, to);
    const entries = async (folder: string): Promise<string[]> => (await readdir(folder, { recursive: true })).sort();
    assert.deepEqual(await entries(to), await entries(from));
    for (const [name, content] of Object.entries(files))
      assert.ok(content.equals(await readFile(join(to, name))), name);
  });

  it('keeps modes, of directories that may not be written too', async () => {
    const modes = {
      'private/key': 0o600,
      program: 0o4755,
      readonly: 0o444,
      private: 0o700,
      shared: 0o1777,
      closed: 0o555,
    };
    for (const folder of ['private', 'shared', 'closed']) await mkdir(join(from, folder));
    for (const file of ['private/key', 'program', 'readonly', 'closed/file']) await writeFile(join(from, file), 'x');
    for (const [name, mode] of Object.entries(modes)) await chmod(join(from, name), mode);
    await chmod(from, 0o750);

    await copyTree(from, to);
    for (const [name, mode] of Object.entries(modes))
      assert.equal((await stat(join(to, name))).mode & 0o7777, mode, name);
    assert.equal((await stat(to)).mode & 0o7777, 0o750);
    for (const folder of [from, to]) await chmod(join(folder, 'closed'), 0o700);
  });

  it('keeps times, of directories and links too', async () => {
    await mkdir(join(from, 'folder'));
    await writeFile(join(from, 'folder/file'), 'x');
    await symlink('file', join(from, 'folder/link'));
    await lutimes(join(from, 'folder/link'), past, past);
    for (const name of ['folder/file', 'folder', '']) await utimes(join(from, name), past, past);

    await copyTree(from, to);
    for (const name of ['folder/link', 'folder/file', 'folder', ''])
      assert.equal((await lstat(join(to, name))).mtime.toISOString(), past.toISOString(), name);
  });

  (isRoot ? it : it.skip)('keeps owners, as root', async () => {
    await mkdir(join(from, 'folder'));
    await writeFile(join(from, 'folder/file'), 'x');
    await chown(join(from, 'folder/file'), 1_001, 1_002);
    await chown(join(from, 'folder'), 1_003, 1_004);
    await copyTree(from, to);
    const [file, folder] = [await stat(join(to, 'folder/file')), await stat(join(to, 'folder'))];
    assert.deepEqual([file.uid, file.gid, folder.uid, folder.gid], [1_001, 1_002, 1_003, 1_004]);
  });

  it('copies symbolic links as links, wherever they point', async () => {
    const links = { relative: 'file', up: '../../etc/passwd', absolute: '/etc', dangling: 'absent' };
    await writeFile(join(from, 'file'), 'x');
    for (const [name, target] of Object.entries(links)) await symlink(target, join(from, name));
    await copyTree(from, to);
    for (const [name, target] of Object.entries(links)) assert.equal(await readlink(join(to, name)), target);
  });

  it('keeps hard links among the copied files, and makes none to the originals', async () => {
    await mkdir(join(from, 'a'));
    await writeFile(join(from, 'one'), 'x');
    await link(join(from, 'one'), join(from, 'a/two'));
    await link(join(from, 'one'), join(from, 'three'));
    await writeFile(join(from, 'outside'), 'y');
    await link(join(from, 'outside'), `${from}-outside`);
    await copyTree(from, to);

    const inodes = await Promise.all(['one', 'a/two', 'three'].map(async (name) => (await stat(join(to, name))).ino));
    assert.equal(new Set(inodes).size, 1);
    assert.equal((await stat(join(to, 'one'))).nlink, 3);
    assert.equal((await stat(join(to, 'outside'))).nlink, 1);
    await writeFile(join(to, 'one'), 'changed');
    assert.equal(await readFile(join(from, 'one'), 'utf8'), 'x');
  });

  it('leaves out sockets', async () => {
    await writeFile(join(from, 'file'), 'x');
    const server = createServer().listen(join(from, 'socket'));
    await once(server, 'listening');
    await copyTree(from, to);
    server.close();
    assert.deepEqual(await readdir(to), ['file']);
  });

  it('says NotFound of what is absent, and InvalidItem of what is no directory', async () => {
    await assert.rejects(copyTree(join(from, 'absent'), to), { code: 'NotFound' });
    await writeFile(join(from, 'file'), 'x');
    await assert.rejects(copyTree(join(from, 'file'), to), { code: 'InvalidItem' });
  });

  it('does not copy over what is there', async () => {
    await mkdir(to);
    await writeFile(join(to, 'file'), 'x');
    await assert.rejects(copyTree(from, to), { code: 'AlreadyExists' });
    assert.deepEqual(await readdir(to), ['file']);
  });

  it('stops with Interrupted when the signal fires, and writes nothing after that', async () => {
    for (let folder = 0; folder < 20; folder++) {
      await mkdir(join(from, `${folder}`));
      for (let file = 0; file < 20; file++) await writeFile(join(from, `${folder}/${file}`), 'x');
    }
    const stop = new AbortController();
    const refused = assert.rejects(copyTree(from, to, stop.signal), { code: 'Interrupted' });
    while ((await readdir(to).catch(() => [])).length === 0) await new Promise(setImmediate);
    stop.abort();
    await refused;
    const left = (await readdir(to, { recursive: true })).length;
    assert.ok(left < 20 + 20 * 20, 'it had ended before it was stopped');
    await new Promise(setImmediate);
    assert.equal((await readdir(to, { recursive: true })).length, left);
  });
});
