import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { BowlineError } from '../../src/client/index.ts';
import { runCli } from './fake-cli.ts';

describe('backup download', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-download-'));
    file = join(folder, 'shop.tar.gz');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const download = (contents: () => Promise<Readable>, ...flags: string[]) =>
    runCli(['backup', 'download', 'shop', '--output', file, ...flags], { backups: { contents } });
  const whole = async (): Promise<Readable> => Readable.from([Buffer.from('one '), Buffer.from('two')]);

  it('saves the tarball for its owner alone', async () => {
    const { exitCode, out } = await download(whole);
    assert.equal(exitCode, 0);
    assert.equal(out, `Backup shop has been successfully downloaded to ${file}\n`);
    assert.equal(readFileSync(file, 'utf8'), 'one two');
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('overwrites a file only when it is told to', async () => {
    writeFileSync(file, 'mine');
    const refused = await download(whole);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.err, /is there: add --force to overwrite it/);
    assert.equal(readFileSync(file, 'utf8'), 'mine');
    assert.equal((await download(whole, '--force')).exitCode, 0);
    assert.equal(readFileSync(file, 'utf8'), 'one two');
  });

  const failures = [
    {
      title: 'that breaks off',
      contents: async () =>
        Readable.from(
          (async function* () {
            yield Buffer.from('one ');
            throw new BowlineError('Unavailable', 'get object: broke off');
          })(),
        ),
    },
    {
      title: 'of a backup that is not there',
      contents: () => Promise.reject(new BowlineError('NotFound', 'backup shop: not in the storage locations (here)')),
    },
  ];
  for (const { title, contents } of failures) {
    it(`leaves nothing behind of a download ${title}`, async () => {
      assert.equal((await download(contents)).exitCode, 1);
      assert.deepEqual(readdirSync(folder), []);
    });
  }
});
