import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An entry as another program reads it. */
export interface ReadEntry {
  readonly name: string;
  readonly mode: string;
  readonly size: number;
}

/** The names that GNU tar lists. Throws if it complains. */
export function namesByGnuTar(tarball: Uint8Array): string[] {
  // It would quote names of other alphabets.
  return linesOf('tar', ['tzf', '-', '--quoting-style=literal'], tarball);
}

/** The entries that GNU tar lists, with modes such as `-rwxr-xr-x`. Throws if it complains. */
export function entriesByGnuTar(tarball: Uint8Array): { mode: string; name: string }[] {
  return linesOf('tar', ['tzvf', '-', '--quoting-style=literal', '--numeric-owner'], tarball).map((line) => {
    const [mode = '', , , , , ...name] = line.split(/\s+/);
    return { mode, name: name.join(' ') };
  });
}

/** Whether Go is installed. */
export function goIsInstalled(): boolean {
  return spawnSync('go', ['version']).status === 0;
}

const program = `package main

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"os"
)

func main() {
	unzipped, err := gzip.NewReader(os.Stdin)
	if err != nil {
		panic(err)
	}
	entries := tar.NewReader(unzipped)
	for {
		entry, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			panic(err)
		}
		size, err := io.Copy(io.Discard, entries)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%o %d %s\\n", entry.Mode, size, entry.Name)
	}
	if rest, err := io.Copy(io.Discard, unzipped); err != nil || rest != 0 {
		panic(fmt.Sprint(rest, " bytes after the end-of-archive: ", err))
	}
}
`;

/** The entries that Go's archive/tar reads, as Velero does. Throws if it complains, or if anything follows the end-of-archive. */
export function entriesByGo(tarball: Uint8Array): ReadEntry[] {
  const folder = mkdtempSync(join(tmpdir(), 'bowline-go-tar-'));
  try {
    const file = join(folder, 'main.go');
    writeFileSync(file, program);
    return linesOf('go', ['run', file], tarball).map((line) => {
      const [mode = '', size = '', ...name] = line.split(' ');
      return { mode, size: Number(size), name: name.join(' ') };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function linesOf(command: string, args: readonly string[], input: Uint8Array): string[] {
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOPROXY: 'off', CGO_ENABLED: '0' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, env, maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw error ?? new Error(`${command} ended with ${status}: ${stderr.toString()}`);
  return stdout.toString().split('\n').slice(0, -1);
}
