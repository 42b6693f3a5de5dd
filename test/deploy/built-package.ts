import { execFile } from 'node:child_process';
import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../plugins/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Builds the package as the image has it; resolves with the path of its command. */
export async function buildPackage(): Promise<string> {
  const folder = temporaryFolder();
  const lib = join(folder, 'lib');
  await promisify(execFile)(process.execPath, ['tools/build.ts', lib], { cwd: root });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return join(lib, 'cli', 'main.js');
}
