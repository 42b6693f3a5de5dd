import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tell } from './binaries.ts';
import { cacheFolder } from './cache.ts';
import { locked } from './lock.ts';

const run = promisify(execFile);

/** Ways to call it, the newer first. */
const commands: readonly (readonly [string, ...string[]])[] = [['docker', 'compose'], ['docker-compose']];

const debian = 'docker-compose';

/**
 * The command that reads compose files, with its first arguments. Where there is none, Debian's package is installed, which takes
 * its packages and an administrator; no daemon is needed, nor started. Rejects with what is missing.
 */
export async function findDockerCompose(): Promise<readonly [string, ...string[]]> {
  const there = await firstThatWorks();
  if (there) return there;
  if (process.getuid?.() !== 0) throw new Error(missing('only an administrator may install it'));
  const lock = join(cacheFolder(process.env), 'docker-compose.lock');
  await locked(lock, install).catch(({ message }: Error) => {
    throw new Error(missing(message.split('\n')[0]!));
  });
  const installed = await firstThatWorks();
  if (installed) return installed;
  throw new Error(missing('the package was installed, but brings no such command'));
}

async function firstThatWorks(): Promise<readonly [string, ...string[]] | undefined> {
  for (const command of commands) {
    const [program, ...args] = command;
    const works = await run(program, [...args, 'version', '--short']).then(
      () => true,
      () => false,
    );
    if (works) return command;
  }
  return undefined;
}

async function install(): Promise<void> {
  if (await firstThatWorks()) return;
  tell(`installing Debian's ${debian}, once`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debian], { env });
}

function missing(reason: string): string {
  return `docker compose could not be had: neither \`docker compose\` nor \`docker-compose\` works here, and ${reason}. Install Docker Compose, or Debian's package ${debian}.`;
}
