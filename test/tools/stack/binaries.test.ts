import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { findBinary, type BinaryName, type Surroundings } from '../../../tools/stack/binaries.ts';
import { eventually } from './eventually.ts';
import { sha256, startPublisher, type Answer, type Publisher } from './publisher.ts';

const fakeGo = fileURLToPath(new URL('./fake-go.mjs', import.meta.url));
const findingProcess = fileURLToPath(new URL('./finding-process.ts', import.meta.url));
const platform = { os: 'linux', arch: 'amd64' };

const apiServer = '/v1.36.3/bin/linux/amd64/kube-apiserver';
const etcdRelease = '/etcd-io/etcd/releases/download/v3.6.16';
const etcdArchive = 'etcd-v3.6.16-linux-amd64.tar.gz';

describe('binaries of the stack', () => {
  let publisher: Publisher;
  let folder: string;
  let cache: string;
  let lines: string[];
  let env: NodeJS.ProcessEnv;
  const elsewhere: ChildProcess[] = [];
  before(async () => void (publisher = await startPublisher()));
  after(() => publisher.close());
  beforeEach(() => {
    publisher.files.clear();
    publisher.asked.length = 0;
    folder = mkdtempSync(join(tmpdir(), 'bowline-test-'));
    cache = join(folder, 'cache', 'bowline', 'bin');
    lines = [];
    env = {
      XDG_CACHE_HOME: join(folder, 'cache'),
      PATH: join(folder, 'path'),
      BOWLINE_DOWNLOADS: publisher.url,
      FAKE_GO_LOG: join(folder, 'go.log'),
    };
    writeFileSync(env['FAKE_GO_LOG']!, '');
  });
  afterEach(() => {
    for (const child of elsewhere.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const find = (name: BinaryName, surroundings: Surroundings = {}): Promise<string> =>
    findBinary(name, { env, platform, progress: (line) => lines.push(line), ...surroundings });

  function program(path: string, script: string): string {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return join(folder, path);
  }

  const installGo = (): string => program('path/go', `exec '${process.execPath}' '${fakeGo}' "$@"`);
  const goLog = (): string[] =>
    readFileSync(env['FAKE_GO_LOG']!, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ')[0]!);

  /** Offers the API server, plain. */
  function offer(body: Answer, checksum: Answer = typeof body === 'function' ? '' : sha256(body)): void {
    publisher.files.set(apiServer, body);
    publisher.files.set(`${apiServer}.sha256`, checksum);
  }

  describe('looks', () => {
    it('at the variable of its name first', async () => {
      const path = program('mine', 'exit 1');
      assert.equal(await find('kube-apiserver', { env: { ...env, BOWLINE_KUBE_APISERVER: path } }), path);
    });

    it('nowhere else if that names no program', async () => {
      const named = { ...env, BOWLINE_KUBE_APISERVER: '/absent' };
      await assert.rejects(find('kube-apiserver', { env: named }), {
        message: 'BOWLINE_KUBE_APISERVER=/absent: no such program',
      });
    });

    const versions = [
      { title: 'takes the pinned version from PATH', prints: 'etcd Version: 3.6.16', taken: true },
      { title: 'takes one that prints it with a v, on standard error', prints: 'etcd v3.6.16 >&2', taken: true },
      { title: 'passes over a newer version in PATH', prints: 'etcd Version: 3.6.160', taken: false },
      { title: 'passes over an older version in PATH', prints: 'etcd Version: 3.6.1', taken: false },
    ];
    for (const { title, prints, taken } of versions) {
      it(title, async () => {
        const path = program('path/etcd', `echo ${prints}`);
        const cached = program('cache/bowline/bin/etcd-3.6.16', '');
        assert.equal(await find('etcd'), taken ? path : cached);
      });
    }

    it('passes over a program in PATH that fails when asked', async () => {
      program('path/etcd', 'echo 3.6.16; exit 1');
      const cached = program('cache/bowline/bin/etcd-3.6.16', '');
      assert.equal(await find('etcd'), cached);
    });

    it('into KUBEBUILDER_ASSETS before PATH', async () => {
      program('path/etcd', 'echo 3.6.16');
      const path = program('assets/etcd', 'echo 3.6.16');
      assert.equal(await find('etcd', { env: { ...env, KUBEBUILDER_ASSETS: join(folder, 'assets') } }), path);
    });

    it('into the cache before it asks the publisher', async () => {
      const path = program('cache/bowline/bin/etcd-3.6.16', '');
      assert.equal(await find('etcd'), path);
      assert.deepEqual(publisher.asked, []);
    });
  });

  describe('downloads', () => {
    it('a plain program after its checksum, and leaves nothing else in the cache', async () => {
      offer('the program');
      const path = await find('kube-apiserver');
      assert.equal(path, join(cache, 'kube-apiserver-1.36.3'));
      assert.equal(readFileSync(path, 'utf8'), 'the program');
      assert.equal(statSync(path).mode & 0o777, 0o755);
      assert.deepEqual(publisher.asked, [`${apiServer}.sha256`, apiServer]);
      assert.deepEqual(readdirSync(cache), ['kube-apiserver-1.36.3']);
    });

    const packed: readonly { name: BinaryName; release: string; archive: string; checksums: string; member: string }[] =
      [
        {
          name: 'etcd',
          release: etcdRelease,
          archive: etcdArchive,
          checksums: 'SHA256SUMS',
          member: 'etcd-v3.6.16-linux-amd64/etcd',
        },
        {
          name: 'temporal',
          release: '/temporalio/cli/releases/download/v1.5.1',
          archive: 'temporal_cli_1.5.1_linux_amd64.tar.gz',
          checksums: 'checksums.txt',
          member: 'temporal',
        },
        {
          name: 'versitygw',
          release: '/versity/versitygw/releases/download/v1.8.0',
          archive: 'versitygw_v1.8.0_Linux_x86_64.tar.gz',
          checksums: 'checksums.txt',
          member: 'versitygw_v1.8.0_Linux_x86_64/versitygw',
        },
        {
          name: 'fake-gcs-server',
          release: '/fsouza/fake-gcs-server/releases/download/v1.56.1',
          archive: 'fake-gcs-server_1.56.1_Linux_amd64.tar.gz',
          checksums: 'checksums.txt',
          member: 'fake-gcs-server',
        },
      ];
    for (const { name, release, archive, checksums, member } of packed) {
      it(`${name} out of its archive`, async () => {
        const body = await archiveOf({ [`${name}/README.md`]: 'read me', [member]: 'the program' });
        publisher.files.set(`${release}/${archive}`, body);
        publisher.files.set(`${release}/${checksums}`, `${sha256('another')}  another\n${sha256(body)} *${archive}\n`);
        const path = await find(name);
        assert.equal(readFileSync(path, 'utf8'), 'the program');
        assert.equal(statSync(path).mode & 0o777, 0o755);
      });
    }

    it('several programs at the same time', async () => {
      offer('the API server', async (response) => {
        await eventually('the other is asked for', () => publisher.asked.some((path) => path.startsWith(etcdRelease)));
        response.end(sha256('the API server'));
      });
      const etcd = await archiveOf({ etcd: 'etcd itself' });
      publisher.files.set(`${etcdRelease}/${etcdArchive}`, etcd);
      publisher.files.set(`${etcdRelease}/SHA256SUMS`, `${sha256(etcd)}  ${etcdArchive}\n`);
      const paths = await Promise.all([find('kube-apiserver'), find('etcd')]);
      assert.deepEqual(
        paths.map((path) => readFileSync(path, 'utf8')),
        ['the API server', 'etcd itself'],
      );
    });

    it('and tells how far it is', async () => {
      offer(async (response) => {
        response.writeHead(200, { 'content-length': 8 }).write('half');
        await eventually('it is told', () => lines.some((line) => line.endsWith(': 50 %')));
        response.end('more');
      }, sha256('halfmore'));
      await find('kube-apiserver', { progressEveryMs: 5 });
      const told = ['downloading kube-apiserver 1.36.3', 'downloading kube-apiserver 1.36.3: 50 %'];
      assert.deepEqual([...new Set(lines)].slice(0, 2), told);
    });

    it('nothing for a platform that its publisher leaves out', async () => {
      await assert.rejects(
        find('etcd', { platform: { os: 'darwin', arch: 'arm64' } }),
        /^AggregateError: .*\n- download: there is none for darwin-arm64\n/,
      );
      assert.deepEqual(publisher.asked, []);
    });
  });

  describe('keeps nothing of a download', () => {
    const plain: readonly { title: string; body?: Answer; checksum?: Answer; reason: RegExp }[] = [
      { title: 'where the checksum is another', body: 'the program', checksum: sha256('x'), reason: /its SHA-256 is / },
      { title: 'where there is no checksum', body: 'the program', reason: /kube-apiserver\.sha256 answers 404/ },
      {
        title: 'where the checksum is a page that says nothing',
        body: 'the program',
        checksum: '<html></html>',
        reason: /its publisher names no SHA-256 for it/,
      },
      { title: 'where there is no program', checksum: sha256('x'), reason: /kube-apiserver answers 404/ },
      {
        title: 'where the program breaks off',
        body: (response) => {
          response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
        },
        checksum: sha256('x'),
        reason: /other side closed/,
      },
    ];
    for (const { title, body, checksum, reason } of plain) {
      it(title, async () => {
        if (body !== undefined) publisher.files.set(apiServer, body);
        if (checksum !== undefined) publisher.files.set(`${apiServer}.sha256`, checksum);
        await assert.rejects(find('kube-apiserver'), reason);
        assert.deepEqual(readdirSync(cache), []);
      });
    }

    const archives: readonly { title: string; body: () => Promise<Buffer>; reason: RegExp }[] = [
      {
        title: 'where the archive lacks the program',
        body: () => archiveOf({ 'etcd/README.md': '' }),
        reason: /its archive holds no etcd/,
      },
      {
        title: 'where the archive is none',
        body: () => Promise.resolve(Buffer.from('no archive')),
        reason: /incorrect header check/,
      },
      {
        title: 'where the archive was published half',
        body: async () => (await archiveOf({ etcd: 'x'.repeat(10_000) })).subarray(0, 60),
        reason: /unexpected end of file/,
      },
    ];
    for (const { title, body, reason } of archives) {
      it(title, async () => {
        const archive = await body();
        publisher.files.set(`${etcdRelease}/${etcdArchive}`, archive);
        publisher.files.set(`${etcdRelease}/SHA256SUMS`, `${sha256(archive)}  ${etcdArchive}\n`);
        await assert.rejects(find('etcd'), reason);
        assert.deepEqual(readdirSync(cache), []);
      });
    }
  });

  describe('builds with Go instead', () => {
    it('where a download fails, and tells why', async () => {
      installGo();
      offer('the program', sha256('another'));
      assert.equal(readFileSync(await find('kube-apiserver'), 'utf8'), 'built');
      assert.match(lines[1]!, /^kube-apiserver: download .* its SHA-256 is /);
      assert.deepEqual(readdirSync(cache), ['kube-apiserver-1.36.3']);
    });

    it('at once where nobody listens', async () => {
      installGo();
      const offline = { ...env, BOWLINE_DOWNLOADS: 'http://127.0.0.1:1' };
      assert.equal(readFileSync(await find('kube-apiserver', { env: offline }), 'utf8'), 'built');
    });

    for (const name of ['temporal', 'versitygw', 'fake-gcs-server'] as const) {
      it(`also ${name}, whose module is installed by its version`, async () => {
        installGo();
        assert.equal(readFileSync(await find(name), 'utf8'), 'built');
      });
    }

    it('and tells how long it takes', async () => {
      installGo();
      await find('etcd', { progressEveryMs: 5 });
      assert.deepEqual([...new Set(lines.slice(1))].slice(0, 2), [
        'building etcd 3.6.16 with Go, once (about 60 s on two cores)',
        'building etcd 3.6.16 with Go: 0 s of about 60 s',
      ]);
    });

    it('one program at a time', async () => {
      installGo();
      await Promise.all([find('etcd'), find('kube-apiserver'), find('temporal')]);
      assert.deepEqual(goLog(), ['start', 'end', 'start', 'end', 'start', 'end']);
    });

    it('once, for two processes that need the same program', async () => {
      installGo();
      const both = [findElsewhere(), findElsewhere()];
      const path = `${join(cache, 'etcd-3.6.16')}\n`;
      assert.deepEqual(await Promise.all(both.map(({ stdout }) => text(stdout!))), [path, path]);
      assert.deepEqual(goLog(), ['start', 'end']);
    });

    it('again after a process was killed while it did, which leaves neither a program nor a rest', async () => {
      installGo();
      env['FAKE_GO'] = 'hang';
      const killed = findElsewhere();
      await eventually('it builds', () => goLog().length === 1);
      const [rest = ''] = readdirSync(cache).filter((entry) => /^etcd-3\.6\.16\.\w{6}$/.test(entry));
      assert.equal(existsSync(join(cache, rest, 'scratch')), true);
      killed.kill('SIGKILL');
      await eventually('Go has ended', () => !existsSync(join(cache, rest, 'scratch')));
      assert.equal(existsSync(join(cache, 'etcd-3.6.16')), false);

      delete env['FAKE_GO'];
      assert.equal(readFileSync(await find('etcd'), 'utf8'), 'built');
      assert.deepEqual(readdirSync(cache), ['etcd-3.6.16']);
    });

    it('and shows its last words if that fails', async () => {
      installGo();
      env['FAKE_GO'] = 'fail';
      await assert.rejects(find('etcd'), /go build .* ended with code 2: go says 5; .*; go says 9\nInstall Go/);
      assert.deepEqual(readdirSync(cache), []);
    });

    function findElsewhere() {
      const child = spawn(process.execPath, [findingProcess, 'etcd'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
      elsewhere.push(child);
      return child;
    }
  });

  it('says what is missing where nothing works', async () => {
    await assert.rejects(find('kube-apiserver', { env: { ...env, PATH: '' } }), {
      message:
        'kube-apiserver 1.36.3 could not be had:\n' +
        `- download ${publisher.url}${apiServer}: ${publisher.url}${apiServer}.sha256 answers 404\n` +
        '- build: Go is not installed (there is no go in PATH)\n' +
        'Install Go 1.26 or newer, or set BOWLINE_KUBE_APISERVER to the program.',
    });
    assert.deepEqual(readdirSync(cache), []);
  });
});

async function archiveOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, body] of Object.entries(files)) archive.entry({ name }, body);
  archive.finalize();
  return gzipSync(await buffer(archive));
}
