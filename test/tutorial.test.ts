import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Unstructured } from '../src/api/unstructured.ts';
import { connect } from '../src/kubernetes/http-client.ts';
import { compareObjects } from '../tools/demo/comparison.ts';
import { codeBlocks, missingLines, type CodeBlock } from './support/code-blocks.ts';
import { openTerminal, type Terminal } from './support/terminal.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** A block of commands, and the example of what it prints that stands behind it. */
interface Step {
  readonly block: CodeBlock;
  readonly example: string;
}

const blocks = codeBlocks(readFileSync(join(root, 'docs/tutorial.md'), 'utf8'));
const steps = blocks.flatMap((block, index): Step[] => {
  const next = blocks[index + 1];
  return block.info === 'text' ? [] : [{ block, example: next?.info === 'text' ? next.code : '' }];
});

describe('docs/tutorial.md, typed word for word in a copy of this checkout', function () {
  this.timeout(300_000);
  let folder: string;
  let checkout: string;
  let main: Terminal;
  const background: Terminal[] = [];
  let original: readonly Unstructured[] = [];

  /** Of somebody who has just come: an empty home, no variables. What was built or downloaded once is found again. */
  function env(): NodeJS.ProcessEnv {
    const { PATH, HOME = homedir(), XDG_CACHE_HOME = join(HOME, '.cache') } = process.env;
    return { PATH, HOME: join(folder, 'home'), XDG_CACHE_HOME };
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-tutorial-'));
    mkdirSync(join(folder, 'home'));
    checkout = join(folder, 'bowline');
    await copyCheckout(checkout);
    main = openTerminal({ cwd: checkout, env: env() });
  });

  after(() => {
    for (const terminal of [main, ...background]) terminal?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  for (const { block, example } of steps) {
    it(`works, and prints what it says: ${block.code.trim().split('\n').at(-1)}`, async () => {
      if (block.info === 'sh background') {
        const terminal = openTerminal({ cwd: checkout, env: env() });
        background.push(terminal);
        await terminal.begin(block.code, (printed) => missingLines(example, printed).length === 0);
        return;
      }
      if (block.code.includes('kubectl delete namespace') && original.length === 0) original = await application();
      const printed = await main.type(block.code);
      assert.deepEqual(missingLines(example, printed), [], printed);
      if (block.code.includes('bowline restore create')) {
        const { differences, equal } = compareObjects(original, await application());
        assert.deepEqual(differences, []);
        assert.ok(equal >= 8, `only ${equal} objects were compared`);
      }
    });
  }

  it('leaves nothing, and ends with Ctrl-C', async () => {
    const [stack, worker] = background;
    await worker!.interrupt();
    assert.match(await stack!.interrupt(), /everything is stopped\n$/);
    assert.equal(existsSync(join(folder, 'home/bowline-tutorial')), false);
    assert.equal(existsSync(join(checkout, 'stack.env')), false);
  });

  /** Every object of the tutorial's application. */
  async function application(): Promise<Unstructured[]> {
    const kubeconfig = (await main.type('echo "$KUBECONFIG"')).trim();
    const kubernetes = await connect({ kubeconfig });
    try {
      const discovery = await kubernetes.discover();
      const objects = [await kubernetes.get(discovery.find('persistentvolumes')!, { name: 'guestbook' })];
      for (const resource of discovery.preferred.filter(
        ({ namespaced, verbs }) => namespaced && verbs.includes('list'),
      ))
        for await (const page of kubernetes.listPages(resource, { namespace: 'guestbook' }))
          objects.push(...page.items);
      return objects;
    } finally {
      await kubernetes.close();
    }
  }
});

/** What a clone of this checkout has, with what is not committed yet; what npm has installed is shared. */
async function copyCheckout(to: string): Promise<void> {
  const listed = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 2 ** 26,
  });
  const needed = /^(?:package|src\/|tools\/|\.gitignore)/;
  for (const file of listed.stdout.split('\n').filter((path) => needed.test(path) && existsSync(join(root, path)))) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(root, file), join(to, file));
  }
  for (const modules of ['node_modules', 'tools/node/node_modules'])
    if (existsSync(join(root, modules))) symlinkSync(join(root, modules), join(to, modules));
}
