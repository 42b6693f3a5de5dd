import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, isExecutable, keep } from './cache.ts';
import { download } from './download.ts';
import { goBuild } from './go-build.ts';
import { locked } from './lock.ts';
import { programs, type Platform, type Program } from './programs.ts';

const run = promisify(execFile);

/** The servers of the stack. */
export type BinaryName = keyof typeof programs;

/** The name of every program, for a set-up that wants them all. */
export const binaryNames = Object.keys(programs) as BinaryName[];

/** Where to look and what to do; the defaults are the process's own. For tests. */
export interface Surroundings {
  readonly env?: NodeJS.ProcessEnv;
  /** Tells of downloads and builds. Default: a line on standard error. */
  readonly progress?: (line: string) => void;
  /** How often a download or build tells how far it is, in milliseconds. Default 15,000. */
  readonly progressEveryMs?: number;
  /** In Go's names. Default: this machine's. */
  readonly platform?: Platform;
}

const thisMachine: Platform = { os: process.platform, arch: process.arch === 'x64' ? 'amd64' : process.arch };

const found = new Map<string, Promise<string>>();

/**
 * The path of a server program. Taken from `BOWLINE_<NAME>`; from `KUBEBUILDER_ASSETS` and `PATH`, where its version is the
 * pinned one; from the cache (`~/.cache/bowline`). Else it is put there: downloaded from its publisher (`BOWLINE_DOWNLOADS`
 * names a mirror), its checksum checked, or built with Go, one at a time. The cache never holds part of a program, and no two
 * processes make the same one. Rejects with what is missing if nothing works.
 */
export function findBinary(name: BinaryName, surroundings: Surroundings = {}): Promise<string> {
  const known = surroundings.env === undefined ? found.get(name) : undefined;
  if (known) return known;
  const path = locate(name, surroundings);
  if (surroundings.env === undefined) found.set(name, path);
  return path;
}

async function locate(name: BinaryName, surroundings: Surroundings): Promise<string> {
  const { env = process.env, progress = tell, progressEveryMs = 15_000, platform = thisMachine } = surroundings;
  const program: Program = programs[name];
  const variable = `BOWLINE_${name.toUpperCase().replaceAll('-', '_')}`;
  const named = env[variable];
  if (named !== undefined) {
    if (await isExecutable(named)) return named;
    throw new Error(`${variable}=${named}: no such program`);
  }
  for (const path of candidates(name, [env['KUBEBUILDER_ASSETS'], env['PATH']])) {
    if (await hasVersion(path, program.version)) return path;
  }
  const cached = join(cacheFolder(env), 'bin', `${name}-${program.version}`);
  const task: Task = { name, program, cached, variable, env, progress, progressEveryMs, platform };
  await keep(cached, (scratch) => obtain(task, scratch), waitFor(task, `${cached}.lock`));
  return cached;
}

interface Task extends Required<Surroundings> {
  readonly name: BinaryName;
  readonly program: Program;
  readonly cached: string;
  readonly variable: string;
}

/** Makes the program in `scratch`, by the first way that works. */
async function obtain(task: Task, scratch: string): Promise<string> {
  const { name, program, variable, progress } = task;
  const output = join(scratch, name);
  const problems: Error[] = [];
  for (const make of [downloadProgram, buildProgram]) {
    try {
      await make(task, output);
      return output;
    } catch (error) {
      progress(`${name}: ${(error as Error).message}`);
      problems.push(error as Error);
    }
  }
  throw new AggregateError(
    problems,
    `${name} ${program.version} could not be had:\n${problems.map(({ message }) => `- ${message}\n`).join('')}` +
      `Install Go 1.26 or newer, or set ${variable} to the program.`,
  );
}

async function downloadProgram(task: Task, output: string): Promise<void> {
  const { name, program, env, progress, progressEveryMs, platform } = task;
  const offer = program.download(platform);
  if (offer === undefined) throw new Error(`download: there is none for ${platform.os}-${platform.arch}`);
  let sofar = '';
  const every = setInterval(
    () => sofar && progress(`downloading ${name} ${program.version}: ${sofar}`),
    progressEveryMs,
  );
  try {
    const mirror = env['BOWLINE_DOWNLOADS'];
    await writeFile(
      output,
      await download(offer, {
        name,
        mirror,
        received(bytes, total) {
          if (sofar === '') progress(`downloading ${name} ${program.version}`);
          sofar = total > 0 ? `${Math.floor((bytes / total) * 100)} %` : `${Math.round(bytes / 1_000_000)} MB`;
        },
      }),
      { mode: 0o755 },
    );
  } finally {
    clearInterval(every);
  }
}

async function buildProgram(task: Task, output: string): Promise<void> {
  const { name, program, cached, env, progress, progressEveryMs } = task;
  const installed = await Promise.all(candidates('go', [env['PATH']]).map(isExecutable));
  if (!installed.includes(true)) throw new Error('build: Go is not installed (there is no go in PATH)');
  const lock = join(dirname(cached), 'build.lock');
  // Each keeps all cores busy by itself.
  await locked(lock, build, waitFor(task, lock));

  async function build(): Promise<void> {
    const title = `building ${name} ${program.version} with Go`;
    progress(`${title}, once (about ${program.buildSeconds} s on two cores)`);
    const start = Date.now();
    const every = setInterval(
      () => progress(`${title}: ${Math.round((Date.now() - start) / 1_000)} s of about ${program.buildSeconds} s`),
      progressEveryMs,
    );
    const scratch = join(dirname(output), 'scratch');
    try {
      await mkdir(scratch);
      await goBuild(program.build(output), { env, scratch });
    } finally {
      clearInterval(every);
    }
  }
}

/** Tells whom we wait for, unless it is this process itself. */
function waitFor({ name, progress }: Task, lock: string): (owner: number) => void {
  return (owner) => {
    if (owner !== process.pid) progress(`${name}: waiting for process ${owner}, which holds ${lock}`);
  };
}

/** Where a program may be, given variables that list folders. */
function candidates(name: string, lists: readonly (string | undefined)[]): string[] {
  const folders = lists.flatMap((list) => (list ?? '').split(delimiter).filter(Boolean));
  return folders.map((folder) => join(folder, name));
}

async function hasVersion(path: string, version: string): Promise<boolean> {
  if (!(await isExecutable(path))) return false;
  try {
    const { stdout, stderr } = await run(path, ['--version'], { timeout: 10_000 });
    return `${stdout}${stderr}`.split(/[^\d.]+/).includes(version);
  } catch {
    return false;
  }
}

/** Tells of downloads, builds and installations. */
export function tell(line: string): void {
  process.stderr.write(`bowline: ${line}\n`);
}
