import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSigned, signedUrl, signingKey, type Presented } from '../../../src/plugins/object-stores/signed-url.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const object = { key: 'backups/a b/ü.json', expires: 1_800_000_000 };

/** What the URL of `object` presents, and the key it is signed with. */
async function signed(): Promise<{ readonly secret: Buffer; readonly presented: Presented; readonly url: string }> {
  const keyFile = join(temporaryFolder(), 'key');
  const url = await signedUrl({ url: 'https://files.example.com/x', bucket: 'b', keyFile }, object);
  const signature = new URL(url).searchParams.get('signature') ?? '';
  return { secret: await signingKey(keyFile), presented: { ...object, bucket: 'b', method: 'GET', signature }, url };
}

describe('signedUrl', () => {
  it('names bucket and key, the end of its time, and a signature', async () => {
    const { url } = await signed();
    assert.match(
      url,
      /^https:\/\/files\.example\.com\/x\/b\/backups\/a%20b\/%C3%BC\.json\?expires=1800000000&signature=[\w-]{43}$/,
    );
  });
});

describe('isSigned', () => {
  it('takes what was signed', async () => {
    const { secret, presented } = await signed();
    assert.equal(isSigned(secret, presented), true);
  });

  const changes: readonly Partial<Presented>[] = [
    { method: 'PUT' },
    { method: 'HEAD' },
    { method: 'DELETE' },
    { bucket: 'c' },
    { key: 'backups/a b/u.json' },
    { key: 'backups/a b' },
    { expires: object.expires + 1 },
    { signature: '' },
    { signature: 'AAAA' },
    { signature: 'A'.repeat(43) },
  ];
  for (const change of changes)
    it(`does not take ${JSON.stringify(change)}`, async () => {
      const { secret, presented } = await signed();
      assert.equal(isSigned(secret, { ...presented, ...change }), false);
    });

  it('does not take what another key has signed', async () => {
    const { presented } = await signed();
    assert.equal(isSigned(randomBytes(32), presented), false);
  });

  it('is not misled by lines in names', async () => {
    const { secret, presented } = await signed();
    assert.equal(isSigned(secret, { ...presented, method: 'GET\nb', bucket: object.key, key: '' }), false);
  });
});

describe('signingKey', () => {
  it('makes a key that only its owner may read, once', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'key');
    const keys = await Promise.all(Array.from({ length: 8 }, () => signingKey(file)));
    assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 1);
    assert.equal(keys[0]?.length, 32);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ['key']);
    assert.equal(Buffer.from(readFileSync(file, 'utf8'), 'base64').compare(keys[0]!), 0);
  });

  it('takes one that is there', async () => {
    const file = join(temporaryFolder(), 'key');
    const key = randomBytes(48);
    writeFileSync(file, key.toString('base64'));
    assert.equal((await signingKey(file)).compare(key), 0);
  });

  it('refuses one that is too short, and keeps it', async () => {
    const file = join(temporaryFolder(), 'key');
    for (const text of ['', 'short', randomBytes(31).toString('base64')]) {
      writeFileSync(file, text);
      await assert.rejects(signingKey(file), {
        code: 'InvalidConfig',
        message: `read ${file}: expected a key of 32 bytes or more, in Base64`,
      });
      assert.equal(readFileSync(file, 'utf8'), text);
    }
  });

  it('says what is wrong where it can not be made', async () => {
    await assert.rejects(signingKey('/absent/key'), { code: 'NotFound', message: 'read /absent/key: ENOENT' });
  });
});
