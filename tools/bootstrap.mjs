// The first step of every npm script: makes sure of a Node that is new enough and of the dependencies in the lock file, then
// runs the script it is given. Runs on Node 18 and without any dependency itself.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const oldest = [22, 19];

try {
  const node = suitableNode();
  install(root, node);
  run(node, process.argv.slice(2));
} catch (error) {
  console.error(`bowline: ${error.message}`);
  process.exit(1);
}

/** The running Node if it is new enough, else a private one. */
function suitableNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return process.execPath;
  const folder = join(root, 'tools', 'node');
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const { optionalDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (optionalDependencies[name] === undefined) {
    throw new Error(
      `this is Node ${process.versions.node}, needed is ${oldest.join('.')} or newer, and there is none for ` +
        `${process.platform}-${process.arch} to install privately: install Node 24 and try again`,
    );
  }
  install(folder, process.execPath);
  return join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** `npm ci`, unless it was done for the same lock file. */
function install(folder, node) {
  const lock = readFileSync(join(folder, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).digest('hex');
  const stamp = join(folder, 'node_modules', '.installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error(
    `bowline: installing what ${folder === root ? 'package-lock.json' : 'tools/node/package-lock.json'} lists`,
  );
  const windows = process.platform === 'win32';
  const { status, error, stdout } = spawnSync(
    windows ? 'npm.cmd' : 'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: folder,
      env: withNode(node),
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
      shell: windows,
    },
  );
  if (error) throw new Error(`npm is needed to install the dependencies: ${error.message}`);
  if (status !== 0) throw new Error(`npm ci in ${folder} failed with exit code ${status}\n${stdout}`);
  writeFileSync(stamp, wanted);
}

function run(node, args) {
  const child = spawn(node, args, { cwd: root, env: withNode(node), stdio: 'inherit' });
  child.on('error', (error) => {
    console.error(`bowline: ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
  // A terminal's Ctrl-C reaches the child by itself.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
}

/** The environment with `node` first in the path, for npm's and its scripts' own lookups; what it compiles is kept from one start to the next. */
function withNode(node) {
  return {
    NODE_COMPILE_CACHE: join(root, 'node_modules', '.compile-cache'),
    ...process.env,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
  };
}
