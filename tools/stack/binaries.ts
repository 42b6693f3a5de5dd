import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chmod, constants, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));

/** A server program, and how it is had. */
interface Binary {
  readonly version: string;
  /** What `--version` prints of a good one. */
  readonly versionArgs: readonly string[];
  /** Where its publisher offers it, as a plain program; absent where it comes packed. */
  readonly download?: (platform: { os: string; arch: string }) => { readonly file: string; readonly checksum: string };
  /** `go` arguments that build it to `output`, and where they run. */
  readonly build: (output: string) => {
    readonly args: readonly string[];
    readonly folder: string;
    readonly env?: Record<string, string>;
  };
  /** How long a build takes on two cores. */
  readonly buildSeconds: number;
}

const kubernetesVersion = '1.36.3';
const [major, minor] = kubernetesVersion.split('.');

function kubernetes(name: string): Binary {
  const flags = [
    '-s',
    '-w',
    ...Object.entries({ gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor }).map(
      ([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`,
    ),
  ];
  return {
    version: kubernetesVersion,
    versionArgs: ['--version'],
    download: ({ os, arch }) => {
      const file = `https://dl.k8s.io/v${kubernetesVersion}/bin/${os}/${arch}/${name}`;
      return { file, checksum: `${file}.sha256` };
    },
    build: (output) => ({
      args: ['build', '-trimpath', '-ldflags', flags.join(' '), '-o', output, `k8s.io/kubernetes/cmd/${name}`],
      folder: join(here, 'kubernetes'),
    }),
    buildSeconds: 240,
  };
}

/** `go install` of a module by its version; the program lands in the folder of `output`, under the module's own name. */
function installed(
  module: string,
  { version, versionArgs, buildSeconds }: Pick<Binary, 'version' | 'versionArgs' | 'buildSeconds'>,
): Binary {
  return {
    version,
    versionArgs,
    build: (output) => ({
      args: ['install', '-trimpath', '-ldflags', '-s -w', `${module}@v${version}`],
      folder: here,
      env: { GOBIN: dirname(output) },
    }),
    buildSeconds,
  };
}

const binaries = {
  etcd: {
    version: '3.6.16',
    versionArgs: ['--version'],
    build: (output: string) => ({
      args: ['build', '-trimpath', '-ldflags', '-s -w', '-o', output, 'go.etcd.io/etcd/server/v3'],
      folder: join(here, 'etcd'),
    }),
    buildSeconds: 60,
  },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  temporal: installed('github.com/temporalio/cli/cmd/temporal', {
    version: '1.5.1',
    versionArgs: ['--version'],
    buildSeconds: 140,
  }),
  versitygw: installed('github.com/versity/versitygw/cmd/versitygw', {
    version: '1.8.0',
    versionArgs: ['--version'],
    buildSeconds: 70,
  }),
} as const satisfies Record<string, Binary>;

/** The servers of the stack. */
export type BinaryName = keyof typeof binaries;

/** The name of every program, for a set-up that wants them all. */
export const binaryNames = Object.keys(binaries) as BinaryName[];

/** Where to look and what to do; the defaults are the process's own. For tests. */
export interface Surroundings {
  readonly env?: NodeJS.ProcessEnv;
  /** Tells of downloads and builds. Default: a line on standard error. */
  readonly progress?: (line: string) => void;
}

const found = new Map<string, Promise<string>>();

/**
 * The path of a server program. Looked for in `BOWLINE_<NAME>` and `KUBEBUILDER_ASSETS`, in `PATH` where its version is the
 * pinned one, and in the cache (`~/.cache/bowline`); then downloaded from its publisher, its checksum checked; then built with
 * Go. Rejects with what is missing if nothing works.
 */
export function findBinary(name: BinaryName, surroundings: Surroundings = {}): Promise<string> {
  const known = surroundings.env === undefined ? found.get(name) : undefined;
  if (known) return known;
  const path = locate(name, surroundings);
  if (surroundings.env === undefined) found.set(name, path);
  return path;
}

async function locate(name: BinaryName, { env = process.env, progress = tell }: Surroundings): Promise<string> {
  const binary: Binary = binaries[name];
  const named = env[`BOWLINE_${name.toUpperCase().replaceAll('-', '_')}`];
  if (named !== undefined) {
    if (await isExecutable(named)) return named;
    throw new Error(`BOWLINE_${name.toUpperCase().replaceAll('-', '_')}=${named}: no such program`);
  }
  for (const folder of [env['KUBEBUILDER_ASSETS'], ...(env['PATH'] ?? '').split(':')]) {
    if (folder && (await hasVersion(join(folder, name), binary))) return join(folder, name);
  }
  const cache = join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache'), 'bowline', 'bin');
  const cached = join(cache, `${name}-${binary.version}`);
  if (await isExecutable(cached)) return cached;
  await mkdir(cache, { recursive: true });
  return locked(`${cached}.lock`, async () => {
    if (await isExecutable(cached)) return cached;
    const problems: string[] = [];
    for (const obtain of [download, build]) {
      try {
        await obtain({ name, binary, cached, env, progress });
        return cached;
      } catch (error) {
        problems.push((error as Error).message);
      }
    }
    throw new Error(
      `${name} ${binary.version} could not be had:\n- ${problems.join('\n- ')}\nInstall Go 1.24 or newer, or set BOWLINE_${name.toUpperCase().replaceAll('-', '_')} to the program.`,
    );
  });
}

interface Task {
  readonly name: BinaryName;
  readonly binary: Binary;
  readonly cached: string;
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (line: string) => void;
}

async function download({ name, binary, cached, env, progress }: Task): Promise<void> {
  if (binary.download === undefined) throw new Error('download: its publisher offers no plain program');
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const { file, checksum } = binary.download({ os, arch: process.arch === 'x64' ? 'amd64' : process.arch });
  const mirror = env['BOWLINE_DOWNLOADS'];
  const at = (url: string): string => (mirror === undefined ? url : `${mirror}${new URL(url).pathname}`);
  try {
    const expected = (await fetchBytes(at(checksum), 5_000)).toString('utf8').trim().split(/\s/)[0];
    progress(`downloading ${name} ${binary.version}`);
    const body = await fetchBytes(at(file), 600_000);
    const actual = createHash('sha256').update(body).digest('hex');
    if (actual !== expected) throw new Error(`its SHA-256 is ${actual}, its publisher says ${expected}`);
    await writeFile(`${cached}.partial`, body);
    await chmod(`${cached}.partial`, 0o755);
    await rename(`${cached}.partial`, cached);
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`download of ${at(file)}: ${cause instanceof Error ? cause.message : message}`);
  }
}

async function fetchBytes(url: string, withinMs: number): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) });
  if (!response.ok) throw new Error(`${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

async function build({ name, binary, cached, env, progress }: Task): Promise<void> {
  const folder = `${cached}.build`;
  const output = join(folder, name);
  await mkdir(folder, { recursive: true });
  const { args, folder: cwd, env: extra } = binary.build(output);
  progress(`building ${name} ${binary.version} with Go, once (about ${binary.buildSeconds} s on two cores)`);
  try {
    await run('go', [...args], { cwd, env: { ...env, CGO_ENABLED: '0', ...extra }, maxBuffer: 64 * 1024 * 1024 });
    await rename(output, cached);
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    throw new Error(
      code === 'ENOENT'
        ? 'build: Go is not installed'
        : `build: go ${args.join(' ')}: ${stderr.trim().split('\n').slice(-5).join('; ')}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs `task` while no other process does; a lock whose owner is gone is taken over. */
async function locked<T>(file: string, task: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (await isStale(file)) await rm(file, { force: true });
      else await sleep(500);
    }
  }
  try {
    return await task();
  } finally {
    await rm(file, { force: true });
  }
}

async function isStale(file: string): Promise<boolean> {
  try {
    const [owner, { mtimeMs }] = [Number(await readFile(file, 'utf8')), await stat(file)];
    if (!(owner > 0)) return Date.now() - mtimeMs > 10_000;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function hasVersion(path: string, { version, versionArgs }: Binary): Promise<boolean> {
  if (!(await isExecutable(path))) return false;
  try {
    const { stdout, stderr } = await run(path, [...versionArgs], { timeout: 10_000 });
    return `${stdout}${stderr}`.includes(version);
  } catch {
    return false;
  }
}

function tell(line: string): void {
  process.stderr.write(`bowline: ${line}\n`);
}
