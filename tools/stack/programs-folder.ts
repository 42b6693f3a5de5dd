import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBinary } from './binaries.ts';
import { quoted } from './quoted.ts';

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Makes a folder for `PATH`: `kubectl`, `temporal`, and `bowline` as these sources have it. */
export async function makeProgramsFolder(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (const name of ['kubectl', 'temporal'] as const) symlinkSync(await findBinary(name), join(folder, name));
  const script = `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(cli)} "$@"\n`;
  writeFileSync(join(folder, 'bowline'), script, { mode: 0o755 });
  return folder;
}
