import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { extract, type Header } from 'tar-stream';
import { Header as LibraryHeader } from 'tar/header';
import { TarMember } from '../../src/backup-format/tar-member.ts';
import { entriesByGo, goIsInstalled, namesByGnuTar } from './other-readers.ts';
import { mtime } from './tarballs.ts';

const directory = 'resources/configmaps/namespaces/shop/';

const names = [
  { title: 'fits the name field', name: `${directory}a.json`, pax: false },
  { title: 'fills the name field', name: `${directory}${'n'.repeat(100 - directory.length)}`, pax: false },
  {
    title: 'is one byte longer than the name field',
    name: `${directory}${'n'.repeat(101 - directory.length)}`,
    pax: false,
  },
  { title: 'has a last part of 100 bytes', name: `${directory}${'n'.repeat(95)}.json`, pax: false },
  { title: 'has a last part of 101 bytes', name: `${directory}${'n'.repeat(96)}.json`, pax: true },
  {
    title: 'is 255 bytes long, in parts that fit',
    name: `${'d'.repeat(99)}/${'e'.repeat(55)}/${'n'.repeat(99)}`,
    pax: false,
  },
  { title: 'is longer than 255 bytes, in short parts', name: `${'part/'.repeat(60)}a.json`, pax: true },
  { title: 'is as long as Kubernetes allows', name: `${directory}${'n'.repeat(253)}.json`, pax: true },
  { title: 'is of another alphabet', name: `${directory}größe.json`, pax: true },
];

async function memberOf(name: string, body = 'text'): Promise<Buffer> {
  const member = new TarMember(mtime);
  member.add([name], body);
  return member.compress(6);
}

/** Closes a member, so that it is an archive of its own. */
function closed(member: Buffer): Buffer {
  return gzipSync(Buffer.concat([gunzipSync(member), Buffer.alloc(1_024)]));
}

async function headersOf(member: Buffer): Promise<Header[]> {
  const entries = extract();
  Readable.from([gunzipSync(member)]).pipe(entries as unknown as NodeJS.WritableStream);
  const headers: Header[] = [];
  for await (const entry of entries) {
    headers.push(entry.header);
    entry.resume();
  }
  return headers;
}

describe('TarMember', () => {
  for (const { title, name, pax } of names) {
    it(`writes a name that ${title} ${pax ? 'in PAX' : 'in USTAR'}, which GNU tar reads`, async () => {
      const member = await memberOf(name);
      const [header] = await headersOf(member);
      assert.equal(header?.name, name);
      assert.equal(header.pax !== null, pax);
      assert.deepEqual(namesByGnuTar(closed(member)), [name]);
    });
  }

  it('writes names of any kind that Go reads', async function () {
    if (!goIsInstalled()) this.skip();
    const member = new TarMember(mtime);
    member.add(
      names.map(({ name }) => name),
      'text',
    );
    const expected = names.map(({ name }) => ({ name, size: 4, mode: '755' }));
    assert.deepEqual(entriesByGo(closed(await member.compress(6))), expected);
  });

  it('writes the headers that the library writes, for every name and size', async () => {
    const name = fc.stringMatching(/^[a-z0-9/.:~ -]{1,100}$/).filter((text) => !text.endsWith('/'));
    await fc.assert(
      fc.asyncProperty(name, fc.nat({ max: 40_000 }), fc.date({ noInvalidDate: true }), async (path, size, time) => {
        const date = new Date(Math.abs(Math.trunc(time.getTime() / 1_000) % 4_000_000_000) * 1_000);
        const member = new TarMember(date);
        member.add([path], 'x'.repeat(size));
        const header = gunzipSync(await member.compress(1)).subarray(0, 512);
        const expected = Buffer.alloc(512);
        const about = {
          path,
          size,
          mtime: date,
          mode: 0o755,
          uid: 0,
          gid: 0,
          uname: '',
          gname: '',
          type: 'File' as const,
        };
        assert.equal(new LibraryHeader(about).encode(expected), false);
        assert.deepEqual(header, expected);
      }),
      { numRuns: 300 },
    );
  });

  it('writes regular files of mode 0755 that belong to nobody, at the time given', async () => {
    const [header] = await headersOf(await memberOf('a'));
    assert.deepEqual(
      [header?.type, header?.mode, header?.uid, header?.gid, header?.uname, header?.gname, header?.mtime],
      ['file', 0o755, 0, 0, '', '', mtime],
    );
  });

  it('writes whole blocks without an end-of-archive, and counts them', async () => {
    for (const length of [0, 1, 511, 512, 513]) {
      const member = new TarMember(mtime);
      member.add(['a'], 'x'.repeat(length));
      const unpacked = gunzipSync(await member.compress(6));
      assert.equal(unpacked.length, member.bytes);
      assert.equal(unpacked.length, 512 + Math.ceil(length / 512) * 512);
    }
  });

  it('takes a body of megabytes', async () => {
    const unpacked = gunzipSync(await memberOf('a', 'x'.repeat(5_000_000)));
    assert.ok(unpacked.subarray(512, 5_000_512).every((byte) => byte === 0x78));
  });

  it('writes content of any alphabet under each of its names', async () => {
    const member = new TarMember(mtime);
    const content = '{"größe":"日本 \u{1f600}"}'.repeat(100);
    member.add(['a', `${'long/'.repeat(60)}b`, 'c'], content);
    member.add(['d'], 'other');
    const entries = extract();
    Readable.from([gunzipSync(await member.compress(6))]).pipe(entries as unknown as NodeJS.WritableStream);
    const read: [string, string][] = [];
    for await (const entry of entries) read.push([entry.header.name, await text(entry as unknown as Readable)]);
    assert.deepEqual(read, [
      ['a', content],
      [`${'long/'.repeat(60)}b`, content],
      ['c', content],
      ['d', 'other'],
    ]);
  });

  it('gives the same bytes for the same entries, whatever was in the memory before', async () => {
    const first = await memberOf('a', 'x'.repeat(1_000));
    for (const body of ['y'.repeat(1_200_000), 'z'.repeat(3_000_000)]) await memberOf('b', body);
    assert.deepEqual(await memberOf('a', 'x'.repeat(1_000)), first);
  });
});
