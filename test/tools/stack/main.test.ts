import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '../../../src/config.ts';
import { createRegistry } from '../../../src/plugins/registry.ts';
import { instructions } from '../../../tools/stack/instructions.ts';
import { answers } from '../../../tools/stack/server.ts';
import { accepts } from './connection.ts';
import { eventually } from './eventually.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const fakeGo = fileURLToPath(new URL('./fake-go.mjs', import.meta.url));

describe('npm run stack', () => {
  const children: ChildProcess[] = [];
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'bowline-test-'))));
  afterEach(() => {
    for (const { pid } of children.splice(0)) killGroup(pid!, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Runs the command in a process group of its own, as a terminal does. */
  function start(env: NodeJS.ProcessEnv = process.env, args: readonly string[] = []) {
    const child = spawn(process.execPath, ['tools/bootstrap.mjs', 'tools/stack/main.ts', ...args], {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Uint8Array) => (output += chunk));
    return {
      output: () => output,
      ended: once(child, 'close').then(([code]) => code as number),
      interrupt: () => killGroup(child.pid!, 'SIGINT'),
    };
  }

  it('starts everything, prints where it is, and stops it on Ctrl-C', async function () {
    // The other parts of the tests start servers at the same time.
    this.timeout(90_000);
    const envFile = join(folder, 'stack.env');
    const { output, ended, interrupt } = start(process.env, ['--env', envFile]);
    await Promise.race([ended, eventually('it is up', () => output().includes('Ctrl-C stops everything'))]);
    const printed = (label: string): string => new RegExp(`^${label} +([^ ,\n]+)`, 'm').exec(output())?.[1] ?? '';

    const config = await loadConfig({ file: printed('configuration'), env: {} });
    assert.equal(config.temporal.address, printed('Temporal'));
    assert.equal(config.kubernetes.kubeconfig, printed('kubeconfig'));
    const kubeconfig = readFileSync(printed('kubeconfig'), 'utf8');
    assert.ok(kubeconfig.includes(printed('Kubernetes')));
    await answers(printed('Temporal UI'));
    const registry = createRegistry();
    const store = await registry.openObjectStore(config.backupStorageLocations.find((location) => location.default)!);
    assert.equal(await store.objectExists('backups/first'), false);
    await registry.openVolumeSnapshotter(config.volumeSnapshotLocations[0]!);

    const shell = `. '${envFile}'; bowline --help >/dev/null && kubectl version --output json && temporal --version`;
    const { stdout } = await promisify(execFile)('sh', ['-c', shell]);
    assert.match(stdout, /"serverVersion"[^]*^temporal version /m);

    interrupt();
    assert.equal(await ended, 0);
    assert.equal(existsSync(envFile), false);
    assert.match(output(), /bowline: stopping\nbowline: everything is stopped\n$/);
    for (const url of ['Temporal UI', 'Kubernetes', 'S3'].map((label) => new URL(printed(label))))
      await assert.rejects(accepts(Number(url.port)), { code: 'ECONNREFUSED' });
    await assert.rejects(accepts(Number(printed('Temporal').split(':')[1])), { code: 'ECONNREFUSED' });
    for (const file of ['kubeconfig', 'configuration']) assert.equal(existsSync(printed(file)), false);
  });

  const nothing = (): NodeJS.ProcessEnv => ({
    PATH: join(folder, 'path'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    BOWLINE_DOWNLOADS: 'http://127.0.0.1:1',
  });

  it('ends with what is missing, and exit code 1, where a server can not be had', async () => {
    const { output, ended } = start(nothing());
    assert.equal(await ended, 1);
    assert.match(output(), /^bowline: \S+ \d\S+ could not be had:\n/m);
    assert.match(output(), /^- build: Go is not installed/m);
  });

  it('may be interrupted while it builds, and the build ends too', async () => {
    mkdirSync(join(folder, 'path'));
    writeFileSync(join(folder, 'path/go'), `#!/bin/sh\nexec '${process.execPath}' '${fakeGo}' "$@"\n`, { mode: 0o755 });
    const log = join(folder, 'go.log');
    const { output, ended, interrupt } = start({ ...nothing(), FAKE_GO: 'hang', FAKE_GO_LOG: log });
    await eventually('it builds', () => existsSync(log) && readFileSync(log, 'utf8').endsWith('\n'));
    const scratch = readFileSync(log, 'utf8').split(' ')[1]!.trim();
    assert.equal(existsSync(scratch), true);
    interrupt();
    assert.equal(await ended, 130);
    assert.match(output(), /bowline: interrupted; what was started ends too\n$/);
    await eventually('Go has ended', () => !existsSync(scratch));
  });

  it('quotes for the shell what it tells to type', () => {
    const stop = (): Promise<void> => Promise.resolve();
    const stack = {
      temporal: { address: '127.0.0.1:1', uiUrl: 'http://127.0.0.1:2', cli: '/temporal', stop, kill: stop },
      kubernetes: { url: 'https://127.0.0.1:3', kubeconfig: '/k', tls: { certificate: '/c', key: '/p' }, stop },
      s3: {
        endpoint: 'http://127.0.0.1:4',
        region: 'r',
        accessKeyId: 'id',
        secretAccessKey: 'key',
        root: '/',
        createBucket: () => undefined,
        stop,
      },
      bucket: 'b',
      configFile: '/two words',
      programs: "/it's here",
    };
    const text = instructions(stack);
    assert.match(text, /^ {2}export BOWLINE_CONFIG='\/two words'$/m);
    assert.match(text, /^ {2}export TEMPORAL_ADDRESS=127\.0\.0\.1:1$/m);
    assert.match(text, /^ {2}export PATH='\/it'\\''s here':\$PATH$/m);
    assert.match(text, /^ {2}temporal workflow execute .* --input '\{"name":"second",.*\}'$/m);
    assert.match(instructions(stack, '/my env'), /first:\n\n {2}\. '\/my env'\n\n/);
  });
});

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
