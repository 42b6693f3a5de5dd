import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file of a backup, as programs that know nothing of us read it. */
export interface ReadFile {
  /** In the tarball. */
  readonly path: string;
  /** Octal, such as `755`. */
  readonly mode: string;
  /** Its JSON in one line, members sorted; empty for what is none. */
  readonly json: string;
}

const byPython = `import json, sys
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        print(json.dumps(json.load(file), sort_keys=True, separators=(",", ":"), ensure_ascii=False))`;

/** `jq`, or Python where that is not installed. */
const reader =
  spawnSync('jq', ['--version']).status === 0
    ? { command: 'jq', args: ['-cS', '.'] }
    : { command: 'python3', args: ['-c', byPython] };

/** The files that GNU tar unpacks from a tarball. Throws if it complains, or if a JSON file is none. */
export function unpackByGnuTar(tarball: Uint8Array): ReadFile[] {
  return inFolder((folder) => {
    run('tar', ['-xzpf', '-', '-C', folder], tarball);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const lines = linesOf(files.filter((file) => file.endsWith('.json')));
    return files.map((file) => ({
      path: file.slice(folder.length + 1),
      mode: (statSync(file).mode & 0o777).toString(8),
      json: file.endsWith('.json') ? lines.shift()! : '',
    }));
  });
}

/** A JSON file, in one line. */
export function readJson(file: Uint8Array | string): string {
  return inFolder((folder) => {
    const path = join(folder, 'file.json');
    writeFileSync(path, file);
    return linesOf([path])[0]!;
  });
}

/** A gzipped JSON file, unpacked by `gzip`. */
export function readGzippedJson(file: Uint8Array): string {
  return readJson(run('gzip', ['-dc'], file));
}

function linesOf(files: readonly string[]): string[] {
  return run(reader.command, [...reader.args, ...files], '')
    .trimEnd()
    .split('\n');
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'bowline-unpacked-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(command: string, args: readonly string[], input: Uint8Array | string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, maxBuffer: 256 * 1024 * 1024 });
  if (status !== 0) throw error ?? new Error(`${command} ended with ${status}: ${stderr.toString()}`);
  return stdout.toString();
}
