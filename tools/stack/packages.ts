import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tell, type Surroundings } from './binaries.ts';
import { cacheFolder, keep } from './cache.ts';
import { supervise } from './supervise.ts';

/** What a package manager has to do. */
interface Installation {
  /** Its own, to be filled. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A server that comes as a package of its language. */
interface Package {
  /** For people: what has to be there to install it. */
  readonly needs: string;
  /** Pins every package and its digest. */
  readonly lock: string;
  /** Prints what an installation is good for, such as the version of the language. */
  readonly language: readonly [command: string, ...args: string[]];
  install(installation: Installation): Promise<void>;
}

const here = fileURLToPath(new URL('.', import.meta.url));

const packages = {
  azurite: {
    needs: 'npm',
    lock: join(here, 'azurite', 'package-lock.json'),
    language: [process.execPath, '--version'],
    async install({ folder, env }) {
      for (const file of ['package.json', 'package-lock.json'])
        await copyFile(join(here, 'azurite', file), join(folder, file));
      await run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { env, cwd: folder });
    },
  },
  moto: {
    needs: 'Python 3.10 or newer with its modules venv and pip',
    lock: join(here, 'moto', 'requirements.txt'),
    language: ['python3', '-c', 'import sys, venv; assert sys.version_info >= (3, 10); print(sys.prefix, sys.version)'],
    async install({ folder, env }) {
      await run(['python3', '-m', 'venv', folder], { env });
      const options = ['--disable-pip-version-check', '--require-hashes', '--only-binary', ':all:'];
      await run([join(folder, 'bin', 'python'), '-m', 'pip', 'install', ...options, '-r', packages.moto.lock], { env });
    },
  },
} as const satisfies Record<string, Package>;

/** The servers that are packages. */
export type PackageName = keyof typeof packages;

/** The name of every package, for a set-up that wants them all. */
export const packageNames = Object.keys(packages) as PackageName[];

const found = new Map<PackageName, Promise<string>>();

/**
 * The folder that a server's package and all it needs are installed in: in the cache, once for each lock file and version of the
 * language. Rejects with what is missing.
 */
export function findPackage(name: PackageName, surroundings: Surroundings = {}): Promise<string> {
  const known = surroundings.env === undefined ? found.get(name) : undefined;
  if (known) return known;
  const folder = locate(name, surroundings);
  if (surroundings.env === undefined) found.set(name, folder);
  return folder;
}

async function locate(name: PackageName, { env = process.env, progress = tell }: Surroundings): Promise<string> {
  const { needs, lock, language, install }: Package = packages[name];
  try {
    const [command, ...args] = language;
    const { stdout: version } = await promisify(execFile)(command, args, { env, timeout: 20_000 });
    const digest = createHash('sha256')
      .update(version)
      .update(await readFile(lock));
    const folder = join(cacheFolder(env), 'packages', `${name}-${digest.digest('hex').slice(0, 16)}`);
    await keep(folder, async (scratch) => {
      progress(`installing ${name}, once`);
      const installed = join(scratch, name);
      await mkdir(installed);
      await install({ folder: installed, env });
      return installed;
    });
    return folder;
  } catch (error) {
    throw new Error(`${name} could not be had, which needs ${needs}: ${(error as Error).message}`, { cause: error });
  }
}

/** Runs a command, which ends with this process. Rejects with its last lines. */
async function run(
  [command, ...args]: readonly [string, ...string[]],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<void> {
  const { ended, output } = supervise({ command, args, ...options });
  const code = await ended;
  if (code !== 0)
    throw new Error(`${command} ${args.slice(0, 3).join(' ')} ended with code ${code}: ${output(5).join('; ')}`);
}
