import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPackage } from '../../../tools/stack/packages.ts';

/** Stands in for Python: its environments hold themselves, and what its pip is asked for. */
const fakePython = `#!/bin/sh
echo "$@" >>"$FAKE_LOG"
case "$2" in
  venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  pip) [ -z "$FAKE_FAILURE" ] && echo installed >"\${0%/bin/python}/installed" || { echo "$FAKE_FAILURE" >&2; exit 3; } ;;
  *) echo "$FAKE_VERSION" ;;
esac
`;

describe('packages of the stack', () => {
  let folder: string;
  let lines: string[];
  let env: NodeJS.ProcessEnv;
  const find = (changes: NodeJS.ProcessEnv = {}): Promise<string> =>
    findPackage('moto', { env: { ...env, ...changes }, progress: (line) => lines.push(line) });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-test-'));
    lines = [];
    mkdirSync(join(folder, 'path'));
    writeFileSync(join(folder, 'path', 'python3'), fakePython, { mode: 0o755 });
    env = {
      XDG_CACHE_HOME: join(folder, 'cache'),
      PATH: `${join(folder, 'path')}:/usr/bin:/bin`,
      FAKE_LOG: join(folder, 'log'),
      FAKE_VERSION: '3.11.7',
    };
    appendFileSync(join(folder, 'log'), '');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const cached = (): string[] => readdirSync(join(folder, 'cache', 'bowline', 'packages'));

  it('are installed whole, with every digest checked, and found the next time', async () => {
    const path = await find();
    assert.equal(readFileSync(join(path, 'installed'), 'utf8'), 'installed\n');
    assert.match(readFileSync(join(folder, 'log'), 'utf8'), /-m pip install .*--require-hashes .*requirements\.txt\n$/);
    assert.equal(await find(), path);
    assert.deepEqual(lines, ['installing moto, once']);
    assert.equal(cached().length, 1);
  });

  it('of npm are installed from their own lock file, without scripts of theirs', async () => {
    const npm = '#!/bin/sh\necho "$@" >>"$FAKE_LOG"\nls >installed\n';
    writeFileSync(join(folder, 'path', 'npm'), npm, { mode: 0o755 });
    const path = await findPackage('azurite', { env, progress: (line) => lines.push(line) });
    assert.equal(readFileSync(join(path, 'installed'), 'utf8'), 'installed\npackage-lock.json\npackage.json\n');
    assert.match(readFileSync(join(folder, 'log'), 'utf8'), /^ci --ignore-scripts /);
    assert.deepEqual(lines, ['installing azurite, once']);
  });

  it('are installed once for two that need them at the same time', async () => {
    const [one, two] = await Promise.all([find(), find()]);
    assert.equal(one, two);
    assert.equal(lines.filter((line) => line.startsWith('installing')).length, 1);
  });

  it('are installed anew for another version of the language', async () => {
    assert.notEqual(await find(), await find({ FAKE_VERSION: '3.12.1' }));
    assert.equal(cached().length, 2);
  });

  it('leave nothing of an installation that fails, and show its last words', async () => {
    await assert.rejects(find({ FAKE_FAILURE: 'no such digest' }), /moto could not be had.*code 3: no such digest/);
    assert.deepEqual(cached(), []);
    assert.ok(existsSync(await find()));
  });

  it('say what they need where the language is missing', async () => {
    await assert.rejects(find({ PATH: join(folder, 'cache') }), {
      message:
        'moto could not be had, which needs Python 3.10 or newer with its modules venv and pip: spawn python3 ENOENT',
    });
  });
});
