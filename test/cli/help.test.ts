import assert from 'node:assert/strict';
import { commandTree } from '../../src/cli/command-tree.ts';
import { examplesOf } from '../../src/cli/examples.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runCli } from './fake-cli.ts';
import { understood } from './understood.ts';

const silent = { out: () => undefined, err: () => undefined, color: false };
const nodes = commandTree(createProgram(silent, async () => undefined));
const doing = nodes.filter(({ commands }) => commands.length === 0).map(({ path }) => path.join(' '));

describe('the help of', () => {
  for (const path of doing) {
    it(`bowline ${path} shows examples, all of which the command takes`, async () => {
      const { exitCode, out } = await runCli([...path.split(' '), '--help']);
      assert.equal(exitCode, 0);
      const [, shown = ''] = /\nExamples:\n((?: {2}bowline .*\n)+)/.exec(out) ?? [];
      const examples = examplesOf(path);
      assert.ok(examples.length > 0);
      assert.deepEqual(shown.trim().split(/\n {2}/), examples);
      for (const example of examples) {
        assert.match(example, /^bowline /);
        assert.equal(await understood(example), path);
      }
    });
  }

  it('a command whose flag is none would not pass', () =>
    assert.rejects(understood('bowline backup create x --no-such-flag'), /unknown option/));
});
