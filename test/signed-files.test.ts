import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BackupStorageLocation } from '../src/api/locations.ts';
import type { ObjectStore } from '../src/plugins/object-store.ts';
import { createRegistry } from '../src/plugins/registry.ts';
import { serveSignedFiles, type SignedFiles, type SignedFilesOptions } from '../src/signed-files.ts';
import { freePort } from '../tools/stack/server.ts';
import { temporaryFolder } from './plugins/temporary-folder.ts';
import { eventually } from './tools/stack/eventually.ts';

interface Response {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Sends a path as it is, which `fetch` would resolve. */
async function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const [, host = '', port = '', path = ''] = /^http:\/\/([^:]+):(\d+)(.*)$/.exec(url) ?? [];
  const sent = request({ host, port, path, agent: false, ...options }).end();
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

describe('serveSignedFiles', () => {
  let path: string;
  let listen: string;
  let location: BackupStorageLocation;
  let store: ObjectStore;
  let now: Date;
  let warnings: string[];
  const services: SignedFiles[] = [];

  async function serve(
    locations: readonly BackupStorageLocation[] = [location],
    options: Partial<SignedFilesOptions> = {},
  ): Promise<SignedFiles> {
    const service = await serveSignedFiles(locations, {
      now: () => now,
      warn: (message) => warnings.push(message),
      ...options,
    });
    services.push(service);
    return service;
  }

  function locationAt(bucket: string, config: Record<string, string>): BackupStorageLocation {
    return { name: bucket, provider: 'filesystem', objectStorage: { bucket, prefix: 'velero' }, config };
  }

  beforeEach(async () => {
    path = temporaryFolder();
    listen = `127.0.0.1:${await freePort()}`;
    location = locationAt('b', { path, signedUrlListen: listen });
    store = await createRegistry().openObjectStore(location);
    await store.putObject('a/k.json', Buffer.from('0123456789'));
    now = new Date();
    warnings = [];
  });

  afterEach(async () => {
    for (const service of services.splice(0)) await service.close();
  });

  it('gives the file to whoever has the URL, as bytes to be kept', async () => {
    await serve();
    const url = await store.createSignedUrl('a/k.json', 60);
    assert.ok(url.startsWith(`http://${listen}/b/velero/a/k.json?`), url);
    const { status, headers, body } = await ask(url);
    assert.deepEqual([status, body], [200, '0123456789']);
    assert.deepEqual(
      ['content-length', 'content-type', 'content-disposition', 'accept-ranges', 'cache-control'].map(
        (name) => headers[name],
      ),
      ['10', 'application/octet-stream', 'attachment', 'bytes', 'private, no-store'],
    );
  });

  it('gives empty files, and large ones', async () => {
    await serve();
    await store.putObject('empty', new Uint8Array());
    await store.putObject('large', Buffer.alloc(3_000_000, 'x'));
    assert.equal((await ask(await store.createSignedUrl('empty', 60))).body, '');
    assert.equal((await ask(await store.createSignedUrl('large', 60))).body.length, 3_000_000);
  });

  const ranges = [
    { range: 'bytes=2-4', status: 206, body: '234', content: 'bytes 2-4/10' },
    { range: 'bytes=7-', status: 206, body: '789', content: 'bytes 7-9/10' },
    { range: 'bytes=-2', status: 206, body: '89', content: 'bytes 8-9/10' },
    { range: 'bytes=10-', status: 416, body: 'the range lies past the end\n', content: 'bytes */10' },
    { range: 'bytes=0-1,4-5', status: 200, body: '0123456789', content: undefined },
  ];
  for (const { range, status, body, content } of ranges)
    it(`answers ${status} to ${range}`, async () => {
      await serve();
      const found = await ask(await store.createSignedUrl('a/k.json', 60), { headers: { range } });
      assert.deepEqual([found.status, found.body, found.headers['content-range']], [status, body, content]);
    });

  it('gives the whole to whoever wants a range of what it was', async () => {
    await serve();
    const headers = { range: 'bytes=2-4', 'if-range': '"some-tag"' };
    const { status, body } = await ask(await store.createSignedUrl('a/k.json', 60), { headers });
    assert.deepEqual([status, body], [200, '0123456789']);
  });

  it('answers 403 once the time is over', async () => {
    await serve();
    const url = await store.createSignedUrl('a/k.json', 60);
    const expires = Number(new URL(url).searchParams.get('expires'));
    now = new Date(expires * 1_000 - 1);
    assert.equal((await ask(url)).status, 200);
    now = new Date(expires * 1_000);
    assert.deepEqual(await ask(url).then(({ status, body }) => [status, body]), [403, 'the URL has expired\n']);
  });

  for (const method of ['HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS'])
    it(`answers 405 to ${method}`, async () => {
      await serve();
      const { status, headers } = await ask(await store.createSignedUrl('a/k.json', 60), { method });
      assert.deepEqual([status, headers['allow']], [405, 'GET']);
    });

  const forged: Readonly<Record<string, (url: string) => string>> = {
    'without a signature': (url) => url.replace(/&signature=.*/, ''),
    'with an empty signature': (url) => url.replace(/signature=.*/, 'signature='),
    'with another signature': (url) => url.replace(/signature=.{4}/, 'signature=AAAA'),
    'with a later end': (url) => url.replace(/expires=(\d+)/, (_, end) => `expires=${Number(end) + 3_600}`),
    'with an end that is no number': (url) => url.replace(/expires=\d+/, 'expires=soon'),
    'of another key': (url) => url.replace('k.json', 'l.json'),
    'of another bucket': (url) => url.replace('/b/', '/c/'),
    'of a directory': (url) => url.replace('/k.json', ''),
    'of a directory, with a slash': (url) => url.replace('k.json', ''),
    'of the bucket': (url) => url.replace('velero/a/k.json', ''),
    'of the root': (url) => url.replace('b/velero/a/k.json', ''),
    'that climbs': (url) => url.replace('/b/', '/b/../b/'),
    'that climbs in another spelling': (url) => url.replace('/b/', '/b/%2e%2e/b/'),
    'that is no text': (url) => url.replace('k.json', '%ff'),
  };
  for (const [title, forge] of Object.entries(forged))
    it(`answers 403 to a URL ${title}`, async () => {
      await serve();
      await store.putObject('a/l.json', Buffer.from('other'));
      const { status, body } = await ask(forge(await store.createSignedUrl('a/k.json', 60)));
      assert.deepEqual([status, body], [403, 'the signature is not that of this URL\n']);
    });

  it('answers 404 to a URL of what is absent, a directory, what is written just now, and what lies outside', async () => {
    await serve();
    writeFileSync(join(path, 'outside'), 'secret');
    mkdirSync(join(path, 'b/velero/links'));
    symlinkSync(join(path, 'outside'), join(path, 'b/velero/links/file'));
    symlinkSync(path, join(path, 'b/velero/links/folder'));
    for (const key of ['absent', 'a', 'a/k.json/below', 'links/file', 'links/folder/outside'])
      assert.equal((await ask(await store.createSignedUrl(key, 60))).status, 404, key);
  });

  it('signs no key that climbs out of the bucket', async () => {
    for (const key of ['../outside', 'a/../../../outside', '/etc/passwd', 'a\\..\\b', 'a\0b'])
      await assert.rejects(store.createSignedUrl(key, 60), { code: 'InvalidConfig' }, key);
  });

  it('serves several buckets at one address, each with the key of its own', async () => {
    const other = locationAt('c', { path: temporaryFolder(), signedUrlListen: listen });
    const second = await createRegistry().openObjectStore(other);
    await second.putObject('k', Buffer.from('second'));
    await serve([location, other]);
    assert.equal((await ask(await second.createSignedUrl('k', 60))).body, 'second');
    assert.equal((await ask(await store.createSignedUrl('a/k.json', 60))).body, '0123456789');
    const crossed = (await store.createSignedUrl('a/k.json', 60)).replace('/b/velero/a/k.json', '/c/velero/k');
    assert.equal((await ask(crossed)).status, 403);
  });

  it('listens nowhere for locations that do not say where', async () => {
    await serve([
      locationAt('b', { path }),
      { name: 'far', provider: 'aws', objectStorage: { bucket: 'b' }, config: { region: 'eu-west-1' } },
    ]);
    await assert.rejects(ask(`http://${listen}/`), { code: 'ECONNREFUSED' });
  });

  it('waits for an address that is taken, and says so once', async () => {
    const taken = createServer().listen(Number(listen.split(':')[1]), '127.0.0.1');
    await once(taken, 'listening');
    await serve([location], { retryAfterMs: 5 });
    assert.deepEqual(warnings, [
      `listen for signed URLs at ${listen}: EADDRINUSE; it is tried again until it can be had`,
    ]);
    taken.close();
    await eventually('it is served', async () => {
      const found = await ask(await store.createSignedUrl('a/k.json', 60)).catch(() => undefined);
      return found?.status === 200;
    });
    assert.equal(warnings.length, 1);
  });

  it('refuses an address that there is not', async () => {
    const nowhere = locationAt('b', { path, signedUrlListen: 'no.such.host.invalid:1' });
    await assert.rejects(serve([nowhere]), {
      code: 'InvalidConfig',
      message: /^listen for signed URLs at no\.such\.host\.invalid:1: E/,
    });
  });

  it('outlives a reader that goes away, and does not listen any more once it is closed', async () => {
    const service = await serve();
    await store.putObject('large', Buffer.alloc(20_000_000, 'x'));
    const url = new URL(await store.createSignedUrl('large', 60));
    const reader = connect(Number(url.port), '127.0.0.1');
    reader.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await once(reader, 'data');
    reader.destroy();
    assert.equal((await ask(await store.createSignedUrl('a/k.json', 60))).status, 200);
    await service.close();
    await service.close();
    await assert.rejects(ask(url.href), { code: 'ECONNREFUSED' });
    assert.deepEqual(warnings, []);
  });
});
