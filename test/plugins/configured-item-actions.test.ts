import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Config, ItemActionWorker } from '../../src/api/config.ts';
import type { BackupItemAction } from '../../src/plugins/item-action.ts';
import { createRegistry, loadRegistry, type Registry } from '../../src/plugins/registry.ts';
import { object } from '../support/objects.ts';

const worker: ItemActionWorker = {
  taskQueue: 'my-actions',
  kind: 'RestoreItemAction',
  name: 'example.com/elsewhere',
  appliesTo: { includedResources: ['pods'] },
  startTimeout: '30s',
  timeout: '5m',
  transport: 'store',
};

describe('loadRegistry', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-actions-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(name: string, text: string): string {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return name;
  }

  /** A module that exports these lists, each action an expression. */
  function exporting(name: string, lists: Readonly<Record<string, readonly string[]>>): string {
    const exports = Object.entries(lists).map(([list, actions]) => `export const ${list} = [${actions.join(', ')}];`);
    return write(name, `${exports.join('\n')}\n`);
  }

  const action = (name: string, appliesTo = '{}') =>
    `{ name: '${name}', appliesTo: ${appliesTo}, execute: async ({ item }) => ({ updatedItem: item }) }`;
  const load = (...sources: (string | ItemActionWorker)[]): Promise<Registry> =>
    loadRegistry({
      itemActions: sources.map((source) => (typeof source === 'string' ? { module: source, folder } : source)),
    });
  const added = ({ backupItemActions, restoreItemActions }: Registry) => ({
    backup: backupItemActions.filter(({ source }) => source).map(({ name, source }) => `${name} of ${source}`),
    restore: restoreItemActions.filter(({ source }) => source).map(({ name, source }) => `${name} of ${source}`),
  });

  it('runs what a configuration adds after the built-in ones, in its own order', async () => {
    exporting('one.mjs', { restoreItemActions: [action('example.com/z'), action('example.com/a')] });
    exporting('two.ts', {
      backupItemActions: [action('example.com/a')],
      restoreItemActions: [action('example.com/b')],
    });
    const registry = await load('./two.ts', worker, './one.mjs');
    assert.deepEqual(added(registry), {
      backup: ['example.com/a of ./two.ts'],
      restore: [
        'example.com/b of ./two.ts',
        'example.com/elsewhere of task queue my-actions',
        'example.com/z of ./one.mjs',
        'example.com/a of ./one.mjs',
      ],
    });
    const builtIn = createRegistry().restoreItemActions;
    assert.deepEqual(
      registry.restoreItemActions.slice(0, builtIn.length).map(({ name }) => name),
      builtIn.map(({ name }) => name),
    );
  });

  it('adds nothing without item actions in the configuration', async () => {
    assert.deepEqual(added(await load()), { backup: [], restore: [] });
  });

  it('knows where an action runs that another worker runs, and how long that may take', async () => {
    const { restoreItemActions } = await load(worker);
    assert.partialDeepStrictEqual(restoreItemActions.at(-1), {
      worker: {
        taskQueue: 'my-actions',
        startTimeoutMs: 30_000,
        timeoutMs: 300_000,
        transport: 'store',
        appliesTo: { includedResources: ['pods'] },
      },
    });
  });

  for (const [what, manifest] of [
    ['for import alone', '{ "name": "actions", "type": "module", "exports": { "import": "./x.js" } }'],
    ['with a main file', '{ "name": "actions", "main": "x.cjs" }'],
  ] as const) {
    it(`finds a package ${what} from the folder of the configuration`, async () => {
      write('node_modules/actions/package.json', manifest);
      exporting('node_modules/actions/x.js', { backupItemActions: [action('example.com/a')] });
      write('node_modules/actions/x.cjs', `exports['backup' + 'ItemActions'] = [${action('example.com/a')}];`);
      assert.deepEqual(added(await load('actions')).backup, ['example.com/a of actions']);
    });
  }

  it('finds a package from the folder that the process was started in', async () => {
    const inRoot = await load('yaml').catch((error: Error) => error.message);
    assert.equal(
      inRoot,
      'itemActions: yaml: it exports no item actions; expected backupItemActions or restoreItemActions or deleteItemActions',
    );
  });

  it('gives an action the input, as itself, and checks what it gives', async () => {
    write(
      'class.mjs',
      `class Mark {
        name = 'example.com/mark';
        appliesTo = {};
        get #mark() { return this.name; }
        async execute({ item }) {
          if (item.metadata.name === 'forgotten') return;
          item.marked = this.#mark;
          item.metadata.name = item.metadata.name.replace('renamed', 'other');
          return { updatedItem: item };
        }
      }
      export const backupItemActions = [new Mark()];`,
    );
    const mark = (await load('./class.mjs')).backupItemActions.at(-1) as BackupItemAction;
    const run = (name: string) =>
      mark.execute({ item: object('v1 Pod', name) } as unknown as Parameters<BackupItemAction['execute']>[0]);
    assert.equal((await run('shop/web')).updatedItem['marked'], 'example.com/mark');
    await assert.rejects(run('shop/forgotten'), { code: 'InvalidItem', message: /gave undefined/ });
    await assert.rejects(run('shop/renamed'), { code: 'InvalidItem', message: /the name was "renamed"/ });
  });

  it('tells at once everything that is wrong', async () => {
    write('broken.mjs', 'export const = 1;');
    write('throws.mjs', 'throw new Error("no licence");');
    write('needs.mjs', "import 'something-that-is-not-there';");
    write('empty.mjs', 'export const actions = [];');
    write('wrong.mjs', 'export const backupItemActions = {}; export const restoreItemActions = [null, {}, 7];');
    exporting('names.mjs', {
      backupItemActions: [action('label'), action('velero.io/pod'), action('example.com/a'), action('example.com/a')],
      restoreItemActions: [
        action('velero.io/pod'),
        action('example.com/elsewhere'),
        action(
          'example.com/s',
          "{ includedResources: 'pods', excludedNamespaces: ['[a'], labelSelector: 'a in', x: 1 }",
        ),
      ],
    });
    const message = await load(
      './gone.mjs',
      'gone',
      './broken.mjs',
      './throws.mjs',
      './needs.mjs',
      './empty.mjs',
      './wrong.mjs',
      './names.mjs',
      worker,
    ).then(
      () => 'nothing',
      (error: Error) => error.message,
    );
    const problems = message.replace('itemActions: ', '').split('; ');
    const expected = [
      /^import \.\/gone\.mjs: Cannot find module '.*gone\.mjs'/,
      /^import gone: no such package is installed for .*bowline-actions-.* or /,
      /^import \.\/broken\.mjs: Unexpected token/,
      /^import \.\/throws\.mjs: no licence$/,
      /^import \.\/needs\.mjs: Cannot find package 'something-that-is-not-there' imported from .*needs\.mjs$/,
      /^\.\/empty\.mjs: it exports no item actions$/,
      /^expected backupItemActions or restoreItemActions or deleteItemActions$/,
      /^\.\/wrong\.mjs: backupItemActions: expected a list of item actions$/,
      /^\.\/wrong\.mjs: restoreItemActions\[0\]: expected an item action$/,
      /^\.\/wrong\.mjs: restoreItemActions\[1\]: name: expected text$/,
      /^\.\/wrong\.mjs: restoreItemActions\[1\]: appliesTo: expected a selector$/,
      /^\.\/wrong\.mjs: restoreItemActions\[1\]: execute: expected a function$/,
      /^\.\/wrong\.mjs: restoreItemActions\[2\]: expected an item action$/,
      /^BackupItemAction "label" of \.\/names\.mjs: expected a name with a prefix, such as example\.com\/label$/,
      /^BackupItemAction velero\.io\/pod of \.\/names\.mjs: a built-in one has that name$/,
      /^BackupItemAction example\.com\/a of \.\/names\.mjs: one of \.\/names\.mjs has that name$/,
      /^RestoreItemAction velero\.io\/pod of \.\/names\.mjs: a built-in one has that name$/,
      /^RestoreItemAction example\.com\/elsewhere of task queue my-actions: one of \.\/names\.mjs has that name$/,
      /^example\.com\/s of \.\/names\.mjs: appliesTo\.includedResources: expected a list of texts$/,
      /^example\.com\/s of \.\/names\.mjs: appliesTo\.excludedNamespaces: "\[a" is neither a name nor a glob/,
      /^example\.com\/s of \.\/names\.mjs: appliesTo\.labelSelector: label selector "a in": /,
      /^example\.com\/s of \.\/names\.mjs: appliesTo\.x: unknown/,
    ];
    for (const pattern of expected)
      assert.ok(
        problems.some((problem) => pattern.test(problem)),
        `${pattern} in\n${problems.join('\n')}`,
      );
    assert.equal(
      problems.filter((problem) => !expected.some((pattern) => pattern.test(problem))).join(),
      'known are includedResources, excludedResources, includedNamespaces, excludedNamespaces, labelSelector',
    );
  });

  it('takes the same name for actions of different kinds', async () => {
    exporting('both.mjs', {
      backupItemActions: [action('example.com/a'), action('velero.io/job')],
      restoreItemActions: [action('example.com/a')],
    });
    const { itemActions }: Pick<Config, 'itemActions'> = { itemActions: [{ module: './both.mjs', folder }] };
    assert.equal(added(await loadRegistry({ itemActions })).backup.length, 2);
  });
});
