import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandTree } from '../../src/cli/command-tree.ts';
import { completionScript, shells, type Shell } from '../../src/cli/completion.ts';
import { createProgram } from '../../src/cli/program.ts';
import { BowlineError } from '../../src/client/index.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { runCli } from './fake-cli.ts';

const run = promisify(execFile);
const silent = { out: () => undefined, err: () => undefined, color: false };
const tree = commandTree(createProgram(silent, async () => undefined));

/** Stands for the program: it has two backups, and complains of all else. */
const program = `#!/bin/sh
if [ "$*" = 'names backups' ]; then echo monday; echo tuesday; else echo "error: no" >&2; exit 1; fi
`;

/** A folder with a script, and with the program in a path of its own. */
function prepared(shell: Shell): { readonly script: string; readonly env: NodeJS.ProcessEnv } {
  const folder = temporaryFolder();
  const script = join(folder, shell === 'zsh' ? '_bowline' : 'script');
  writeFileSync(script, completionScript(shell, tree));
  writeFileSync(join(folder, 'bowline'), program, { mode: 0o755 });
  return { script, env: { PATH: `${folder}:${process.env['PATH']}`, HOME: folder } };
}

async function isInstalled(shell: Shell): Promise<boolean> {
  return run(shell, ['--version']).then(
    () => true,
    () => false,
  );
}

const line = (words: readonly string[]): string => `bowline ${words.join(' ')}`;

/** What a line is completed to, and what it is not. */
const cases: readonly { readonly words: readonly string[]; readonly has: readonly string[]; readonly not?: string }[] =
  [
    { words: ['b'], has: ['backup', 'backup-location'], not: 'restore' },
    { words: ['backup', 'd'], has: ['describe', 'delete', 'diff', 'download'], not: 'create' },
    {
      words: ['backup', 'create', '--include-n'],
      has: ['--include-namespaces', '--include-namespace-scoped-resources'],
    },
    { words: ['backup', 'create', '--c'], has: ['--config'] },
    { words: ['backup', 'get', '-o', ''], has: ['table', 'json', 'yaml', 'name'], not: 'monday' },
    { words: ['schedule', 'create', 'x', '--overlap-policy', 'BUFFER'], has: ['BUFFER_ONE', 'BUFFER_ALL'] },
    { words: ['backup', 'describe', ''], has: ['monday', 'tuesday'] },
    { words: ['backup', 'describe', '--details', 'm'], has: ['monday'], not: 'tuesday' },
    { words: ['restore', 'create', '--from-backup', ''], has: ['monday', 'tuesday'] },
    { words: ['restore', 'describe', ''], has: [] },
    { words: ['backup', 'create', ''], has: [] },
    { words: ['completion', ''], has: ['bash', 'zsh', 'fish'] },
  ];

function check(found: readonly string[], { has, not }: (typeof cases)[number]): void {
  for (const word of has) assert.ok(found.includes(word), `${word} is not among ${found.join(' ')}`);
  if (has.length === 0) assert.deepEqual(found, []);
  if (not) assert.ok(!found.includes(not));
}

describe('completion in bash', () => {
  for (const one of cases) {
    it(`knows how to go on with: ${line(one.words)}`, async () => {
      const { script, env } = prepared('bash');
      const typed = ['bowline', ...one.words].map((word) => `'${word}'`).join(' ');
      const commands = `set -u; . '${script}'; COMP_WORDS=(${typed}); COMP_CWORD=${one.words.length}; _bowline; printf '%s\\n' "\${COMPREPLY[@]-}"`;
      const { stdout, stderr } = await run('bash', ['--norc', '-c', commands], { env });
      check(stdout.split('\n').filter(Boolean), one);
      assert.equal(stderr, '');
    });
  }

  it('is registered for the command', async () => {
    const { script, env } = prepared('bash');
    const { stdout } = await run('bash', ['--norc', '-c', `. '${script}'; complete -p bowline`], { env });
    assert.equal(stdout, 'complete -F _bowline bowline\n');
  });
});

describe('completion in fish', () => {
  for (const one of cases) {
    it(`has what goes on with: ${line(one.words)}`, async () => {
      const { script, env } = prepared('fish');
      if (await isInstalled('fish')) {
        const commands = `source '${script}'; complete -C "${line(one.words)}"`;
        const { stdout, stderr } = await run('fish', ['--no-config', '-c', commands], { env });
        check(
          stdout.split('\n').flatMap((found) => (found === '' ? [] : [found.split('\t')[0]!])),
          one,
        );
        assert.equal(stderr, '');
      } else assert.match(completionScript('fish', tree), /^complete -c bowline -n '__bowline_at/m);
    });
  }
});

describe('completion in zsh', () => {
  it('is a script that zsh reads', async () => {
    const { script, env } = prepared('zsh');
    if (await isInstalled('zsh')) await run('zsh', ['-f', '-n', script], { env });
    assert.match(completionScript('zsh', tree), /^#? ?zsh completion of bowline/m);
  });

  for (const one of cases) {
    it(`has what goes on with: ${line(one.words)}`, async () => {
      const { script, env } = prepared('zsh');
      if (!(await isInstalled('zsh'))) return;
      // The three functions of zsh's own that the script relies on print what they are handed.
      const fakes = `compdef() { : }; _files() { : }; compadd() { shift; for word in "$@"; do print -r -- "$word"; done }
        _describe() { for entry in "\${(@P)2}"; do [[ $entry == "$current"* ]] && print -r -- "\${entry%%:*}"; done; true }`;
      const typed = ['bowline', ...one.words].map((word) => `'${word}'`).join(' ');
      const commands = `${fakes}; source '${script}'; words=(${typed}); CURRENT=${one.words.length + 1}; _bowline`;
      const { stdout, stderr } = await run('zsh', ['-f', '-c', commands], { env });
      const current = one.words.at(-1)!;
      check(
        stdout.split('\n').filter((found) => found !== '' && found.startsWith(current)),
        one,
      );
      assert.equal(stderr, '');
    });
  }
});

describe('bowline completion', () => {
  for (const shell of shells) {
    it(`prints the script of ${shell}`, async () => {
      const { exitCode, out } = await runCli(['completion', shell]);
      assert.deepEqual([exitCode, out], [0, completionScript(shell, tree)]);
    });
  }

  it('knows of no other shell', async () => {
    const { exitCode, err } = await runCli(['completion', 'csh']);
    assert.equal(exitCode, 2);
    assert.match(err, /Allowed choices are bash, zsh, fish/);
  });
});

describe('bowline names', () => {
  it('prints names, a line each', async () => {
    const client = { backups: { list: async () => [{ name: 'monday' }, { name: 'tuesday' }] } };
    const { exitCode, out } = await runCli(['names', 'backups'], client);
    assert.deepEqual([exitCode, out], [0, 'monday\ntuesday\n']);
  });

  it('prints nothing where they can not be had', async () => {
    const refuse = async () => {
      throw new BowlineError('Unavailable', 'no answer');
    };
    const { exitCode, out, err } = await runCli(['names', 'schedules'], { schedules: { list: refuse } });
    assert.deepEqual([exitCode, out, err], [0, '', '']);
    const without = await runCli(['names', 'backup-locations'], {}, { loadConfig: refuse });
    assert.deepEqual([without.exitCode, without.out, without.err], [0, '', '']);
  });

  it('ends the process where they take too long', async () => {
    let answer!: (found: readonly []) => void;
    const list = () => new Promise((resolve) => (answer = resolve));
    const exits: number[] = [];
    const exit = (code: number): void => {
      exits.push(code);
      answer([]);
    };
    const { out } = await runCli(['names', 'restores'], { restores: { list } }, { exit, namesWithinMs: 1 });
    assert.deepEqual([exits, out], [[0], '']);
  });

  it('is not in the help', async () => assert.doesNotMatch((await runCli(['--help'])).out, /^ +names/m));
});
