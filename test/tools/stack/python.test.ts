import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonWith } from '../../../tools/stack/python.ts';

/** A `python3` that tells what it was asked, and makes environments whose Python is itself. */
const fakePython = (journal: string, failing = 'nothing'): string => `#!/bin/sh
echo "$@" >> ${journal}
case "$*" in
  *platform*) echo 3.11.7 ;;
  *'${failing}'*) echo "no $2 here" >&2; exit 1 ;;
  *venv*) /bin/mkdir -p "$3/bin" && /bin/cp "$0" "$3/bin/python" ;;
esac
`;

describe('pythonWith', () => {
  let folder: string;
  let requirements: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-python-'));
    requirements = join(folder, 'requirements.txt');
    writeFileSync(requirements, 'boto3==1\n');
    mkdirSync(join(folder, 'bin'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const env = () => ({ PATH: join(folder, 'bin'), XDG_CACHE_HOME: join(folder, 'cache') });
  const journal = (): string[] => readFileSync(join(folder, 'journal'), 'utf8').trim().split('\n');
  const installs = (): number => journal().filter((line) => line.includes('pip install')).length;
  function install(failing?: string): void {
    const file = join(folder, 'bin/python3');
    writeFileSync(file, fakePython(join(folder, 'journal'), failing));
    chmodSync(file, 0o755);
  }

  it('makes an environment once for each content of the file', async () => {
    install();
    const [one, two] = await Promise.all([pythonWith(requirements, env()), pythonWith(requirements, env())]);
    assert.ok(one === two && existsSync(one) && one.startsWith(join(folder, 'cache/bowline/python/')));
    assert.equal(installs(), 1);
    writeFileSync(requirements, 'boto3==2\n');
    assert.notEqual(await pythonWith(requirements, env()), one);
    assert.equal(installs(), 2);
  });

  it('makes anew what a killed process has left', async () => {
    install();
    const python = await pythonWith(requirements, env());
    rmSync(join(python, '../../complete'));
    await pythonWith(requirements, env());
    assert.equal(installs(), 2);
  });

  it('says that Python is missing', async () => {
    await assert.rejects(pythonWith(requirements, env()), {
      message: /^python3 -c .*: there is no such program in PATH\nInstall Python 3\.10 or newer, with pip and venv\.$/,
    });
  });

  for (const [what, failing] of [
    ['venv', '-m venv'],
    ['pip', 'pip install'],
  ] as const) {
    it(`says that ${what} is missing, and tries again the next time`, async () => {
      install(failing);
      await assert.rejects(pythonWith(requirements, env()), { message: new RegExp(`no ${what} here\nInstall Python`) });
      install();
      assert.ok(existsSync(await pythonWith(requirements, env())));
    });
  }
});
