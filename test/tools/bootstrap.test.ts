import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bootstrap = fileURLToPath(new URL('../../tools/bootstrap.mjs', import.meta.url));
const privateNode = `node-${process.platform}-${process.arch}`;

/** Makes the running Node say that it is another version. */
function pretending(version: string): string[] {
  const code = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

describe('bootstrap', () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'bowline-test-')));
    write('tools/bootstrap.mjs', readFileSync(bootstrap, 'utf8'));
    write('package-lock.json', 'the lock of all');
    write('node_modules/.installed', sha256('the lock of all'));
    write('tools/node/package.json', JSON.stringify({ optionalDependencies: { [privateNode]: '24.0.0' } }));
    write('tools/node/package-lock.json', 'the lock of Node');
    write('tools/node/node_modules/.installed', sha256('the lock of Node'));
    program(`tools/node/node_modules/${privateNode}/bin/node`, 'echo "private: $*"; echo "$PATH"');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function write(file: string, text: string, mode = 0o644): void {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), text, { mode });
  }

  const program = (file: string, script: string): void => write(file, `#!/bin/sh\n${script}\n`, 0o755);

  function run({ node = process.execPath, flags = [] as string[], args = ['script.mjs'], env = {} } = {}) {
    const options = { encoding: 'utf8', env: { ...process.env, ...env }, cwd: tmpdir() } as const;
    return spawnSync(node, [...flags, join(root, 'tools/bootstrap.mjs'), ...args], options);
  }

  it('runs the script with its arguments, in the repository, on the Node it runs on where that is new enough', () => {
    const script = `console.log(JSON.stringify([process.execPath, process.cwd(), process.env.PATH, ...process.argv.slice(2)]))`;
    write('script.mjs', script);
    const { stdout, status } = run({ args: ['script.mjs', 'one', '--two'], env: { PATH: '/first' } });
    const path = `${dirname(process.execPath)}${delimiter}/first`;
    assert.deepEqual(JSON.parse(stdout), [process.execPath, root, path, 'one', '--two']);
    assert.equal(status, 0);
  });

  const versions = [
    { version: '18.20.8', suits: false },
    { version: '20.20.2', suits: false },
    { version: '22.18.0', suits: false },
    { version: '22.19.0', suits: true },
    { version: '23.0.0', suits: true },
    { version: '24.0.0', suits: true },
  ];
  for (const { version, suits } of versions) {
    it(`${suits ? 'runs on' : 'takes a private Node instead of'} Node ${version}`, () => {
      write('script.mjs', `console.log('own')`);
      const [first] = run({ flags: pretending(version) }).stdout.split('\n');
      assert.equal(first, suits ? 'own' : 'private: script.mjs');
    });
  }

  it('puts the private Node first in the path of the script', () => {
    const [, path] = run({ flags: pretending('20.0.0'), env: { PATH: '/first' } }).stdout.split('\n');
    assert.equal(path, `${join(root, 'tools/node/node_modules', privateNode, 'bin')}${delimiter}/first`);
  });

  for (const { node, version } of olderNodes()) {
    it(`is understood by the Node ${version} of this machine, which is too old itself`, () => {
      const { stdout, stderr, status } = run({ node });
      assert.equal(stdout.split('\n')[0], 'private: script.mjs', stderr);
      assert.equal(status, 0);
    });
  }

  it('needs nothing that Node 18 lacks, and no package', () => {
    const source = readFileSync(bootstrap, 'utf8');
    const newer =
      /import\.meta\.(dirname|filename|main|resolve)|import\(|\.(toSorted|toReversed|toSpliced|with|findLast\w*|groupBy|withResolvers|fromAsync|try|isWellFormed)\(|\b(await )?using \w+ =|\bwith \{|\/v\b/;
    assert.doesNotMatch(source, newer);
    const imported = [...source.matchAll(/ from '([^']+)'/g)].map(([, module]) => module);
    assert.ok(imported.length > 0);
    assert.deepEqual(
      imported.filter((module) => !module!.startsWith('node:')),
      [],
    );
  });

  it('says which Node to install where there is no private one', () => {
    write('tools/node/package.json', JSON.stringify({ optionalDependencies: {} }));
    const { stderr, status } = run({ flags: pretending('18.0.0') });
    assert.match(
      stderr,
      /^bowline: this is Node 18\.0\.0, needed is 22\.19 or newer, .*: install Node 24 and try again\n$/,
    );
    assert.equal(status, 1);
  });

  describe('installs', () => {
    const npm = (script: string): { PATH: string } => {
      program('bin/npm', script);
      return { PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}` };
    };

    it('nothing where that was done for the same lock file', () => {
      write('script.mjs', '');
      const { stderr, status } = run({ env: npm('exit 9') });
      assert.deepEqual([stderr, status], ['', 0]);
    });

    it('what the lock file lists where it has changed, once', () => {
      write('script.mjs', `console.log('ran')`);
      write('package-lock.json', 'another lock');
      const env = npm('echo "$PWD: npm $*" >> "$LOG"');
      const log = join(root, 'log');
      for (let time = 0; time < 2; time++) assert.equal(run({ env: { ...env, LOG: log } }).stdout, 'ran\n');
      assert.equal(readFileSync(log, 'utf8'), `${root}: npm ci --no-audit --no-fund --loglevel=error\n`);
    });

    it('the private Node before it needs it, without the rest by then', () => {
      rmSync(join(root, 'tools/node/node_modules/.installed'));
      const { stderr, stdout } = run({ flags: pretending('20.0.0'), env: npm('exit 0') });
      assert.equal(stderr, 'bowline: installing what tools/node/package-lock.json lists\n');
      assert.match(stdout, /^private: script\.mjs\n/);
    });

    it('again after it failed, and shows what npm said', () => {
      write('package-lock.json', 'another lock');
      const { stderr, status } = run({ env: npm('echo "out of luck"; exit 7') });
      assert.match(stderr, /\nbowline: npm ci in .* failed with exit code 7\nout of luck\n/);
      assert.equal(status, 1);
      assert.equal(readFileSync(join(root, 'node_modules/.installed'), 'utf8'), sha256('the lock of all'));
    });

    it('nothing where there is no npm, and says so', () => {
      write('package-lock.json', 'another lock');
      const { stderr, status } = run({ env: { PATH: join(root, 'empty') } });
      assert.match(stderr, /\nbowline: npm is needed to install the dependencies: .*ENOENT/);
      assert.equal(status, 1);
    });
  });

  const endings = [
    { title: 'the exit code of the script', script: 'process.exit(7)', code: 7 },
    { title: '1 for a script that throws', script: 'throw new Error()', code: 1 },
    {
      title: 'what a shell does for a script that is killed',
      script: `process.kill(process.pid, 'SIGKILL')`,
      code: 137,
    },
  ];
  for (const { title, script, code } of endings) {
    it(`ends with ${title}`, () => {
      write('script.mjs', script);
      assert.equal(run().status, code);
    });
  }

  /** A script that counts signals, and ends with that when it is told to on standard input. */
  const counting = `
    let signals = '';
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => { signals += name; console.log(name); });
    process.stdin.on('data', () => undefined).on('end', () => { console.log('got ' + signals); process.exit(5); });
    console.log('ready');`;
  const signals = [
    { title: 'SIGTERM to the script', send: (pid: number) => process.kill(pid, 'SIGTERM'), got: 'SIGTERM' },
    { title: 'SIGHUP to the script', send: (pid: number) => process.kill(pid, 'SIGHUP'), got: 'SIGHUP' },
    { title: "a terminal's Ctrl-C, once", send: (pid: number) => process.kill(-pid, 'SIGINT'), got: 'SIGINT' },
  ];
  for (const { title, send, got } of signals) {
    it(`passes on ${title}, and waits for its end`, async () => {
      write('script.mjs', counting);
      const child = spawn(process.execPath, [join(root, 'tools/bootstrap.mjs'), 'script.mjs'], {
        detached: true,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let output = '';
      const closed = once(child, 'close');
      for await (const chunk of child.stdout.setEncoding('utf8')) {
        output += chunk;
        if (chunk === 'ready\n') send(child.pid!);
        if (chunk === `${got}\n`) child.stdin.end();
      }
      assert.deepEqual(await closed, [5, null]);
      assert.equal(output, `ready\n${got}\ngot ${got}\n`);
    });
  }
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Every Node in the path that is older than the one that the tools need, yet one that they have to start on. */
function olderNodes(): { node: string; version: string }[] {
  const nodes = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((node) => existsSync(node))
    .map((node) => realpathSync(node));
  return [...new Set(nodes)].flatMap((node) => {
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1);
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return major >= 18 && (major < 22 || (major === 22 && minor < 19)) ? [{ node, version }] : [];
  });
}
