import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config.ts';
import { runCli, type Ran } from './fake-cli.ts';

const configuration = `
  itemActions:
    - module: ./mine.mjs
    - taskQueue: my-actions
      kind: RestoreItemAction
      name: example.com/elsewhere
      appliesTo: { includedResources: [pods, jobs.batch], includedNamespaces: [shop], labelSelector: app=web }`;

const mine = `export const backupItemActions = [
  {
    name: 'example.com/mark',
    appliesTo: { includedResources: ['configmaps'] },
    execute: async ({ item }) => ({ updatedItem: item.data ? { ...item, marked: true } : undefined }),
  },
];`;

describe('bowline action', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-action-'));
    writeFileSync(join(folder, 'mine.mjs'), mine);
  });
  after(() => rmSync(folder, { recursive: true }));

  function bowline(...args: string[]): Promise<Ran> {
    const loadConfig = async () => parseConfig(configuration, { file: join(folder, 'bowline.yaml'), env: {} });
    return runCli(args, {}, { loadConfig });
  }

  async function runOn(action: string, kind: string, ...cases: object[]): Promise<Ran> {
    const file = join(folder, 'cases.json');
    writeFileSync(file, JSON.stringify(cases));
    return bowline('action', 'run', '--kind', kind, '--action', action, '--case', file);
  }

  it('lists the actions of the configuration behind the built-in ones, with what they come from', async () => {
    const { out, exitCode } = await bowline('action', 'list', '-o', 'json');
    assert.equal(exitCode, 0);
    const listed = JSON.parse(out) as { name: string; kind: string; source: string }[];
    const ofBackups = listed.filter(({ kind }) => kind === 'BackupItemAction');
    assert.partialDeepStrictEqual(ofBackups.at(-1), { name: 'example.com/mark', source: './mine.mjs' });
    assert.equal(ofBackups.at(-2)?.source, 'built in');
    assert.deepEqual(listed.at(-1), {
      name: 'example.com/elsewhere',
      kind: 'RestoreItemAction',
      appliesTo: { includedResources: ['pods', 'jobs.batch'], includedNamespaces: ['shop'], labelSelector: 'app=web' },
      source: 'task queue my-actions',
      differences: [],
    });
  });

  it('lists them in a table, too', async () => {
    const { out } = await bowline('action', 'list');
    assert.match(out, /example\.com\/mark +BackupItemAction +configmaps +\.\/mine\.mjs +no/);
    assert.match(out, /pods,jobs\.batch in shop with app=web +task queue my-actions/);
  });

  it('runs an action of a module', async () => {
    const item = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' } };
    const { out } = await runOn('example.com/mark', 'BackupItemAction', { item: { ...item, data: {} } }, { item });
    const [marked, slip] = JSON.parse(out) as { item: object | null; error: string | null }[];
    assert.deepEqual([marked?.item, marked?.error], [{ ...item, data: {}, marked: true }, null]);
    assert.match(slip?.error ?? '', /^the action gave an updatedItem that is no object/);
  });

  it('says of an action that another worker runs where that is', async () => {
    const { err, exitCode } = await runOn('example.com/elsewhere', 'RestoreItemAction');
    assert.equal(exitCode, 2);
    assert.match(err, /example\.com\/elsewhere runs in another worker, on task queue my-actions/);
  });

  it('names the actions of the configuration, too, when there is none of a name', async () => {
    const { err, exitCode } = await runOn('example.com/none', 'BackupItemAction');
    assert.equal(exitCode, 2);
    assert.match(err, /known are .*velero\.io\/service-account, example\.com\/mark/);
  });

  it('starts no worker with actions that are wrong, and tells all that is', async () => {
    const text = 'itemActions: [{ module: ./gone.mjs }, { module: ./mine.mjs }, { module: ./mine.mjs }]';
    const loadConfig = async () => parseConfig(text, { file: join(folder, 'bowline.yaml'), env: {} });
    const { err, exitCode } = await runCli(['worker'], {}, { loadConfig });
    assert.equal(exitCode, 2);
    assert.match(err, /import \.\/gone\.mjs: Cannot find module/);
    assert.match(err, /BackupItemAction example\.com\/mark of \.\/mine\.mjs: one of \.\/mine\.mjs has that name/);
  });

  it('tells what is wrong with the actions of the configuration', async () => {
    const loadConfig = async () =>
      parseConfig('itemActions: [{ module: ./gone.mjs }]', { file: join(folder, 'x'), env: {} });
    const { err, exitCode } = await runCli(['action', 'list'], {}, { loadConfig });
    assert.equal(exitCode, 2);
    assert.match(err, /itemActions: import \.\/gone\.mjs: Cannot find module/);
  });
});
