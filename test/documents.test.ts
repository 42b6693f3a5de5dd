import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { readItemAnswers } from '../src/activities/item-answers.ts';
import { readBatchAnswer, type HandedBatch, type HandedItem } from '../src/api/handed-batch.ts';
import type { RunNotification } from '../src/api/notification.ts';
import { parseConfig } from '../src/config.ts';
import { loadRegistry } from '../src/plugins/registry.ts';
import { understood } from './cli/understood.ts';
import { createApplication } from './end-to-end/application.ts';
import type { Environment } from './end-to-end/environment.ts';
import type { RunResult } from '../src/workflows/messages.ts';
import { generateDocs } from '../tools/docs/item-actions.ts';
import type { Held } from '../tools/stack/fault-rules.ts';
import { blocksOf, itsCommandsWork } from './support/document-commands.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const documents = globSync(['*.md', '{docs,examples}/**/*.md'], { cwd: root }).sort();
const scripts = Object.keys((parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts);

function read(document: string): string {
  return readFileSync(join(root, document), 'utf8');
}

describe('the documents', () => {
  for (const document of documents) {
    it(`name npm scripts and files that are there: ${document}`, () => {
      const text = read(document);
      const named = [...text.matchAll(/(?:`|^)npm (?:run )?(?!ci\b)([a-z][a-z:-]*)/gm)].map(([, script]) => script!);
      assert.deepEqual(
        named.filter((script) => !scripts.includes(script)),
        [],
      );
      const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link!);
      assert.deepEqual(
        links.filter((link) => !existsSync(join(root, dirname(document), link))),
        [],
      );
      const paths = [...text.matchAll(/`((?:src|test|tools|docs|deploy)\/[\w./-]+)`/g)].map(([, path]) => path!);
      assert.deepEqual(
        paths.filter((path) => !existsSync(join(root, path))),
        [],
      );
    });
  }

  it('are current where they are made from the code (else: npm run docs)', async () => {
    for (const [file, text] of Object.entries(await generateDocs()))
      assert.ok(read(file) === text, `${file} is not what npm run docs makes`);
  });

  it('tell of each vector that is overruled, and of no other', () => {
    const overruled = JSON.parse(read('test/vectors/overruled.json')) as Record<string, string>;
    const [, table = ''] = read('docs/item-actions.md').split('## Overruled vectors');
    const told = [...table.matchAll(/^\| \w+ +\| `[^`]+` +\| ([\w-]+) /gm)].map(([, id]) => id!);
    assert.deepEqual(told.toSorted(), Object.keys(overruled).toSorted());
  });

  it('list every key of the configuration, with its default', () => {
    const defaults = JSON.parse(JSON.stringify(parseConfig('', { file: 'none', env: {} }))) as Record<string, unknown>;
    const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim().replaceAll('`', ''));
    const rows = read('docs/configuration.md')
      .split('\n')
      .map((line) => cells(line).slice(1));
    for (const [path, value] of leaves(defaults)) {
      const row = rows.find(([key]) => key === path);
      assert.ok(row, `docs/configuration.md has no row for ${path}`);
      if (['string', 'number', 'boolean'].includes(typeof value) && value !== '')
        assert.equal(row[1], `${value as string}`, path);
    }
  });

  it('are all in the list at the end of the README', () => {
    const [, list = ''] = read('README.md').split('## Documents');
    const links = [...list.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
    const expected = documents.filter((document) => /^(docs\/[^/]+|[A-Z]+)\.md$/.test(document));
    assert.deepEqual(
      expected.filter((document) => document !== 'README.md' && !links.includes(document)),
      [],
    );
  });

  it('show commands that the program takes', async () => {
    for (const document of documents) {
      // The marks of lists stand before some, and a backslash before the ends of their lines.
      const lines = read(document)
        .replaceAll(/\\\n\s*/g, '')
        .split('\n');
      for (const line of lines.filter((one) => /^ *bowline [a-z-]+( |$)/.test(one)))
        await assert.doesNotReject(understood(line.trim()), `${document}: ${line.trim()}`);
    }
  });

  it('show a configuration that is valid', () => {
    for (const document of documents) {
      for (const block of blocksOf(document, 'yaml')) parseConfig(block, { file: document, env: {} });
    }
  });
});

describe('the contract with other workers, in docs/plugins.md', () => {
  const document = 'docs/plugins.md';
  const [handed, answer] = blocksOf(document, 'json').map((text) => JSON.parse(text) as unknown) as [
    HandedBatch,
    object,
  ];
  const [batch, answers] = blocksOf(document, 'jsonl') as [string, string];
  const [header, ...items] = batch
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown) as [object, ...HandedItem[]];

  it('shows a batch with its header and as many items as it says', () => {
    const { version, kind, action } = handed;
    assert.partialDeepStrictEqual(header, { version, kind, action });
    assert.equal(items.length, handed.items);
  });

  it('shows a result that is taken', () => assert.deepEqual(readBatchAnswer(answer, handed), answer));

  it('shows answers that are taken', async () => {
    const byIndex = new Map(items.map((item) => [item.index, item]));
    const read = await readItemAnswers(gzipSync(answers), byIndex, handed.kind);
    assert.deepEqual([...read.keys()], [...byIndex.keys()]);
    assert.ok(read.get(0)?.item && read.get(4)?.error);
  });

  it('shows a module that a worker takes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bowline-plugins-'));
    try {
      writeFileSync(join(folder, 'actions.ts'), blocksOf(document, 'ts')[0]!);
      const { restoreItemActions } = await loadRegistry({ itemActions: [{ module: './actions.ts', folder }] });
      assert.equal(restoreItemActions.at(-1)?.name, 'example.com/pause');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('docs/notifications.md', () => {
  it('shows a notification as a run makes it', () => {
    const [shown] = blocksOf('docs/notifications.md', 'json').map((text) => JSON.parse(text) as RunNotification);
    const { id, kind, uid, phase, startTimestamp, endTimestamp, ...others } = shown!;
    assert.equal(id, `${kind}/${uid}/${phase}`);
    assert.ok(startTimestamp < endTimestamp);
    assert.deepEqual(Object.keys(others), [
      'version',
      'name',
      'schedule',
      'location',
      'items',
      'warnings',
      'errors',
      'volumes',
    ]);
  });
});

describe('the commands of docs/schedules.md', function () {
  this.timeout(60_000);
  itsCommandsWork('docs/schedules.md', 'schedules-document', async () => undefined);
});

describe('the commands of docs/temporal.md', function () {
  this.timeout(60_000);
  let log: Held;

  /** Starts a backup, and holds it while it writes its log: it can still be steered then. */
  async function holdBackup({ s3, start }: Environment): Promise<void> {
    const holding = s3.hold({ method: 'PUT', path: /big-logs/, at: 'before' });
    await start('backup', { name: 'big', spec: { includedNamespaces: ['default'] } });
    log = await holding;
  }

  const environment = itsCommandsWork('docs/temporal.md', 'temporal-document', async () => undefined, holdBackup);

  it('leave a backup that completes', async () => {
    log.release();
    const { phase } = (await environment().temporal.workflow.getHandle('backup/big').result()) as RunResult;
    assert.equal(phase, 'Completed');
  });
});

describe("the README's commands", function () {
  this.timeout(60_000);
  const environment = itsCommandsWork('README.md', 'readme', ({ kubernetes, folder }) =>
    createApplication(kubernetes, 'shop', folder),
  );

  it('and its program works', async () => {
    const [program] = blocksOf('README.md', 'ts');
    const client = pathToFileURL(join(root, 'src/client/index.ts')).href;
    const { stdout } = await run(
      process.execPath,
      ['--input-type=module-typescript', '--eval', program!.replace(`'bowline'`, `'${client}'`)],
      { cwd: root, env: { ...process.env, BOWLINE_CONFIG: environment().configuration } },
    );
    assert.match(stdout, /phase: 'Completed'/);
  });
});

function* leaves(value: Record<string, unknown>, path = ''): Iterable<[string, unknown]> {
  for (const [key, member] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (typeof member === 'object' && member !== null && !Array.isArray(member))
      yield* leaves(member as Record<string, unknown>, at);
    else yield [at, member];
  }
}
