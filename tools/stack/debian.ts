import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { tell } from './binaries.ts';
import { cacheFolder } from './cache.ts';
import { locked } from './lock.ts';

const run = promisify(execFile);

/** A command line's beginning. */
export type Command = readonly [string, ...string[]];

/** A program that people have installed, or that a package of Debian's brings. */
interface Packaged {
  readonly name: string;
  /** Ways to call it, the first choice first. */
  readonly commands: readonly Command[];
  /** Arguments with which it tells its version, and does nothing else. */
  readonly version: readonly string[];
  readonly debianPackage: string;
}

/** The command that reads compose files; no daemon is needed, nor started. Rejects with what is missing. */
export function findDockerCompose(): Promise<Command> {
  return find({
    name: 'Docker Compose',
    commands: [['docker', 'compose'], ['docker-compose']],
    version: ['version', '--short'],
    debianPackage: 'docker-compose',
  });
}

/** The path of a browser that needs no screen. Rejects with what is missing. */
export async function findChromium(): Promise<string> {
  const [command] = await find({
    name: 'Chromium',
    commands: [['chromium'], ['chromium-browser'], ['google-chrome']],
    version: ['--version'],
    debianPackage: 'chromium',
  });
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, command)).find((file) => existsSync(file))!;
}

/** Where no command works, Debian's package is installed, which takes its packages and an administrator. */
async function find(program: Packaged): Promise<Command> {
  const there = await firstThatWorks(program);
  if (there) return there;
  if (process.getuid?.() !== 0) throw new Error(missing(program, 'only an administrator may install it'));
  const lock = join(cacheFolder(process.env), `${program.debianPackage}.lock`);
  await locked(lock, () => install(program)).catch(({ message }: Error) => {
    throw new Error(missing(program, message.split('\n')[0]!));
  });
  const installed = await firstThatWorks(program);
  if (installed) return installed;
  throw new Error(missing(program, 'the package was installed, but brings no such command'));
}

async function firstThatWorks({ commands, version }: Packaged): Promise<Command | undefined> {
  for (const command of commands) {
    const [program, ...args] = command;
    const works = await run(program, [...args, ...version]).then(
      () => true,
      () => false,
    );
    if (works) return command;
  }
  return undefined;
}

async function install(program: Packaged): Promise<void> {
  if (await firstThatWorks(program)) return;
  tell(`installing Debian's ${program.debianPackage}, once`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', program.debianPackage], { env });
}

function missing({ name, commands, debianPackage }: Packaged, reason: string): string {
  const tried = commands.map((command) => `\`${command.join(' ')}\``).join(', ');
  return `${name} could not be had: none of ${tried} works here, and ${reason}. Install it, or Debian's package ${debianPackage}.`;
}
