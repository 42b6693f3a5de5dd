import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { BackupEntry, type BackupBatchItem } from '../../src/activities/backup-batch.ts';
import type { RestoreBatchItem } from '../../src/activities/restore-batch.ts';
import type { ExecutedItemAction } from '../../src/activities/execute-backup-item-action.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { BatchAnswer, HandedBatch, NoAnswer } from '../../src/api/handed-batch.ts';
import { parseJson } from '../../src/api/json.ts';
import type { BatchRef, PlannedWorker } from '../../src/api/run.ts';
import type { Planned } from '../../src/activities/plan.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const worker: PlannedWorker = {
  taskQueue: 'my-actions',
  startTimeoutMs: 1_000,
  timeoutMs: 1_000,
  transport: 'store',
  appliesTo: { labelSelector: 'app=web' },
};
const action = 'example.com/label';

function pod(name: string, labels: Record<string, string> = { app: 'web' }): BackupBatchItem {
  return { groupResource: 'pods', version: 'v1', item: object('v1 Pod', name, { metadata: { labels } }) };
}

describe('adoptItems', () => {
  let runner: ActivityRunner;
  beforeEach(() => {
    runner = new ActivityRunner();
  });

  /** A batch that has been handed over. */
  interface Given extends Planned {
    readonly batch: BatchRef;
    readonly handed: HandedBatch;
  }

  async function given(
    planned: Planned,
    items: readonly (BackupBatchItem | RestoreBatchItem)[],
    workflowId = 'backup/nightly',
  ): Promise<Given> {
    const { run, plan } = planned;
    const batch = await runner.batch(items);
    const input = { run, plan, step: 'action-1', action, worker, batch, withContent: false };
    const handed = await runner.run('handOverItems', input, workflow(workflowId));
    return { run, plan, batch, handed: handed! };
  }

  const inBackup = async (...items: BackupBatchItem[]) => given(await runner.prepareBackup(), items);

  async function inRestore(...items: RestoreBatchItem[]): Promise<Given> {
    await holdBackup(runner.store, 'nightly', []);
    return given(await runner.prepareRestore(), items, 'restore/again');
  }

  /** Writes an answer as the worker's first attempt does. */
  async function write({ handed }: Given, body: Buffer): Promise<BatchAnswer> {
    const key = `${handed.answerPrefix}1`;
    await runner.store.putObject(key, body);
    return { key, sha256: createHash('sha256').update(body).digest('hex'), bytes: body.length };
  }

  const packed = (lines: readonly unknown[]): Buffer =>
    gzipSync(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));

  function adopt(from: Given, answer: BatchAnswer | NoAnswer): Promise<ExecutedItemAction> {
    const { handed } = from;
    return runner.run('adoptItems', { ...from, step: 'action-1', answer }, workflow(`${handed.run.kind}/x`));
  }

  const adoptLines = async (from: Given, ...lines: unknown[]) => adopt(from, await write(from, packed(lines)));
  const names = ({ batch }: ExecutedItemAction): string[] =>
    runner
      .staged<BackupBatchItem & RestoreBatchItem>(batch)
      .map((entry) => (entry.item ?? entry.itemFromBackup).metadata.name);

  const linesOf = ({ batch }: ExecutedItemAction): string[] => runner.text(batch).split('\n');

  /** What went wrong, by item. */
  const errors = ({ report }: ExecutedItemAction): string[] =>
    runner.lines(report, 'log').flatMap(({ item, error }) => (error === undefined ? [] : `${item?.name}: ${error}`));

  it('takes over what the action has made of the items, in the batch they were in, and keeps the others', async () => {
    const other = pod('shop/other', { app: 'db' });
    const from = await inBackup(pod('shop/a'), other, pod('shop/b'));
    const marked = { ...pod('shop/b').item, marked: true };
    const executed = await adoptLines(from, { index: 2, item: marked }, { index: 0 });
    assert.deepEqual(
      linesOf(executed),
      [pod('shop/a'), other, { ...pod('shop/b'), item: marked }].map((item) => BackupEntry.of(item).line),
    );
    assert.deepEqual([executed.batch.items, executed.batch.groupResources], [3, ['pods']]);
    assert.deepEqual([executed.report.errors, executed.report.warnings, executed.report.additionalItems], [0, 0, 0]);
  });

  it('keeps every digit, and the labels that were read from the cluster', async () => {
    const from = await inBackup(pod('shop/a'));
    const relabelled = pod('shop/a', { app: 'db' }).item;
    relabelled['long'] = parseJson('12345678901234567890');
    const { batch } = await adoptLines(from, { index: 0, item: relabelled });
    const [entry] = runner.staged<BackupBatchItem>(batch);
    assert.deepEqual(entry?.labels, { app: 'web' });
    assert.ok(runner.text(batch).includes('12345678901234567890'));
  });

  it('hands on additional items and log lines', async () => {
    const from = await inBackup(pod('shop/a'));
    const additionalItems = [{ groupResource: 'secrets', namespace: 'shop', name: 'key' }];
    const log = [
      { level: 'warning', message: 'look at this' },
      { level: 'info', message: 'done' },
    ];
    const { report } = await adoptLines(from, { index: 0, additionalItems, log });
    assert.deepEqual(
      runner.lines(report, 'additional').flatMap(({ items }) => items),
      additionalItems,
    );
    assert.deepEqual(
      runner.lines(report, 'log').map(({ level, message, item }) => `${level} ${message} ${item?.name}`),
      ['warning look at this a', 'info done a'],
    );
    assert.deepEqual([report.additionalItems, report.warnings], [1, 1]);
  });

  it('does as the action says in annotations: leaves an item out, or takes what it asks for whatever the filters say', async () => {
    const from = await inBackup(pod('shop/a'), pod('shop/b'));
    const withAnnotation = (name: string, annotation: string) => {
      const { item } = pod(name);
      return { ...item, metadata: { ...item.metadata, annotations: { [annotation]: 'true' } } };
    };
    const additionalItems = [{ groupResource: 'secrets', namespace: 'shop', name: 'key' }];
    const executed = await adoptLines(
      from,
      { index: 0, item: withAnnotation('shop/a', 'velero.io/skip-from-backup'), additionalItems },
      {
        index: 1,
        item: withAnnotation('shop/b', 'backup.velero.io/must-include-additional-items'),
        additionalItems,
      },
    );
    assert.deepEqual(
      runner.staged<BackupBatchItem>(executed.batch).map(({ item }) => item.metadata),
      [{ namespace: 'shop', name: 'b', labels: { app: 'web' }, annotations: {} }],
    );
    assert.deepEqual(
      runner.lines(executed.report, 'additional').map(({ items, mustInclude }) => [items, mustInclude]),
      [[additionalItems, true]],
    );
    assert.deepEqual(
      runner.lines(executed.report, 'log').map(({ message, item }) => `${message}: ${item?.name}`),
      ['Excluding item: example.com/label marks it: a'],
    );
  });

  it('leaves out and reports an item at which the action failed, as if it had run here', async () => {
    const from = await inBackup(pod('shop/a'), pod('shop/b'));
    const executed = await adoptLines(from, { index: 0, error: 'no licence' }, { index: 1 });
    assert.deepEqual(names(executed), ['b']);
    assert.deepEqual(errors(executed), ['a: no licence']);
    assert.deepEqual(runner.complaints(executed.report), [
      'error pods/shop/a: Error executing item action example.com/label',
    ]);
  });

  it('of a restore leaves out what the action stops, silently, and records what it failed at', async () => {
    const entry = (name: string): RestoreBatchItem => ({ groupResource: 'pods', itemFromBackup: pod(name).item });
    const from = await inRestore(entry('shop/a'), entry('shop/b'), entry('shop/c'), entry('shop/d'));
    const marked = { ...pod('shop/c').item, marked: true };
    const executed = await adoptLines(
      from,
      { index: 0, skipRestore: true },
      { index: 1, error: 'no' },
      { index: 2, item: marked },
      { index: 3, skipRestore: false },
    );
    const [c, d] = runner.staged<{ readonly line: number; readonly item?: object }>(executed.batch);
    assert.deepEqual(
      [c, d],
      [
        { groupResource: 'pods', line: 2, item: marked },
        { groupResource: 'pods', line: 3 },
      ],
    );
    assert.deepEqual(executed.batch.origin?.key, from.batch.key);
    assert.equal(executed.report.errors, 1);
    assert.deepEqual(
      runner.lines(executed.report, 'items').map(({ names: failed, action: outcome }) => [failed, outcome]),
      [[['b'], 'failed']],
    );
  });

  it("takes no answer for the action's error at each item that was handed over, and at no other", async () => {
    const from = await inBackup(pod('shop/a'), pod('shop/other', { app: 'db' }), pod('shop/b'));
    const executed = await adopt(from, { failure: 'nobody was there' });
    assert.deepEqual(names(executed), ['other']);
    assert.deepEqual(errors(executed), ['a: nobody was there', 'b: nobody was there']);
  });

  it('takes content that came as a payload', async () => {
    const from = await inBackup(pod('shop/a'));
    const content = packed([{ index: 0, item: { ...pod('shop/a').item, marked: true } }]).toString('base64');
    const executed = await adopt(from, { content });
    assert.equal(runner.staged<BackupBatchItem>(executed.batch)[0]?.item['marked'], true);
    assert.deepEqual(errors(await adopt(from, { content: '<html>' })), ['a: it is no gzip of at most 67108864 bytes']);
  });

  it('finds an answer in a location that has a prefix', async () => {
    const objectStorage = { bucket: 'bucket', prefix: 'east' };
    runner = new ActivityRunner({
      config: { backupStorageLocations: [{ name: 'default', provider: 'memory', default: true, objectStorage }] },
    });
    const from = await inBackup(pod('shop/a'));
    const answer = await write(from, packed([{ index: 0, item: { ...pod('shop/a').item, marked: true } }]));
    // The store of a location does not show its prefix.
    const key = `${from.handed.answerPrefix}1`;
    runner.store.objects.set(key.replace('east/', ''), runner.store.objects.get(key)!);
    assert.deepEqual(names(await adopt(from, answer)), ['a']);
  });

  const item = pod('shop/a').item;
  const secret = 'hunter2';
  const nonsense: readonly [string, unknown[], string][] = [
    ['no line at all', [], 'line 1: it is no JSON'],
    ['no JSON', [`{"index":0,"item":"${secret}`], 'line 1: it is no JSON'],
    ['an empty line', [{ index: 0 }, '', { index: 1 }], 'line 2: it is no JSON'],
    ['a text', ['"all is well"'], 'line 1: it is no JSON object'],
    ['null', ['null'], 'line 1: it is no JSON object'],
    ['a list', [[{ index: 0 }]], 'line 1: it is no JSON object'],
    ['no line for an item', [{ index: 1 }], 'there is no line for 1 of 2 items, such as index 0'],
    ['two lines for an item', [{ index: 0 }, { index: 0 }], 'line 2: index 0 was answered before'],
    ['a line without index', [{ item }], 'line 1: its index is none of those in the batch'],
    ['a line for an item that was not handed over', [{ index: 2 }], 'line 1: its index is none of those in the batch'],
    ['a text for an index', [{ index: '0' }], 'line 1: its index is none of those in the batch'],
    [
      'a member that nobody knows',
      [{ index: 0, [secret]: [] }],
      'line 1: it has members that nobody knows; known are index, item, additionalItems, skipRestore, error, log',
    ],
    ['an error that is no text', [{ index: 0, error: { message: secret } }], 'line 1: error: expected text'],
    ['an empty error', [{ index: 0, error: '' }], 'line 1: error: expected text'],
    ['skipRestore in a backup', [{ index: 0, skipRestore: true }], 'line 1: skipRestore: this is no restore'],
    [
      'a log of texts',
      [{ index: 0, log: [secret] }],
      'line 1: log: expected a list of { level, message }, where level is info or warning',
    ],
    [
      'a log of null',
      [{ index: 0, log: [null] }],
      'line 1: log: expected a list of { level, message }, where level is info or warning',
    ],
    [
      'a level that is none',
      [{ index: 0, log: [{ level: 'error', message: secret }] }],
      'line 1: log: expected a list of { level, message }, where level is info or warning',
    ],
    [
      'a text for an item',
      [{ index: 0, item: secret }],
      'line 1: the action gave an updatedItem that is no object with apiVersion, kind and metadata',
    ],
    [
      'another name',
      [{ index: 0, item: { ...item, metadata: { ...item.metadata, name: secret } } }],
      'line 1: the action gave another object than it was given: the name was "a"',
    ],
    [
      'another namespace',
      [{ index: 0, item: { ...item, metadata: { name: 'a' } } }],
      'line 1: the action gave another object than it was given: the namespace was "shop"',
    ],
    [
      'another kind',
      [{ index: 0, item: { ...item, kind: 'Secret' } }],
      'line 1: the action gave another object than it was given: the kind was "Pod"',
    ],
    [
      "another item's object",
      [
        { index: 0, item: pod('shop/b').item },
        { index: 1, item },
      ],
      'line 1: the action gave another object than it was given: the name was "a"',
    ],
    [
      'additional items that are none',
      [{ index: 0, additionalItems: [{ groupResource: 'pods', name: secret }] }],
      'line 1: the action gave additionalItems[0] without a namespace; expected "" for a cluster-scoped object',
    ],
  ];
  for (const [what, lines, problem] of nonsense) {
    it(`takes ${what} for the action's error at every item, and tells nothing of what stood there`, async () => {
      const from = await inBackup(pod('shop/a'), pod('shop/b'), pod('shop/other', { app: 'db' }));
      const executed = await adoptLines(from, ...lines);
      assert.deepEqual(names(executed), ['other']);
      assert.deepEqual(errors(executed), [`a: ${problem}`, `b: ${problem}`]);
      assert.ok(!runner.text(executed.report).includes(secret));
    });
  }

  it('takes null for what is absent', async () => {
    const from = await inBackup(pod('shop/a'));
    const absent = { item: null, additionalItems: null, skipRestore: null, error: null, log: null };
    const executed = await adoptLines(from, { index: 0, ...absent });
    assert.deepEqual(linesOf(executed), [BackupEntry.of(pod('shop/a')).line]);
    assert.deepEqual(errors(executed), []);
  });

  it('takes a last line that ends as lines do', async () => {
    const from = await inBackup(pod('shop/a'));
    assert.deepEqual(names(await adopt(from, await write(from, gzipSync('{"index":0}\n')))), ['a']);
  });

  const damages: readonly [
    string,
    (answer: BatchAnswer & { key: string }) => BatchAnswer | Promise<BatchAnswer>,
    RegExp,
  ][] = [
    ['another digest', (answer) => ({ ...answer, sha256: 'f'.repeat(64) }), /its SHA-256 is [0-9a-f]{64}, not ffff/],
    ['another size', (answer) => ({ ...answer, bytes: 1 }), /it holds \d+ bytes, not the 1 that were answered/],
    [
      'an answer that is not there',
      (answer) => ({ ...answer, key: answer.key.replace(/1$/, '2') }),
      /not found|no such|absent|404/i,
    ],
  ];
  for (const [what, damage, problem] of damages) {
    it(`takes ${what} for the action's error`, async () => {
      const from = await inBackup(pod('shop/a'));
      const answer = await write(from, packed([{ index: 0 }]));
      const executed = await adopt(from, await damage(answer as BatchAnswer & { key: string }));
      assert.deepEqual(names(executed), []);
      assert.match(errors(executed).join(), problem);
    });
  }

  it('unpacks nothing that has no end', async () => {
    const from = await inBackup(pod('shop/a'));
    const executed = await adopt(from, await write(from, gzipSync(Buffer.alloc(65 * 1024 * 1024, ' '))));
    assert.deepEqual(errors(executed), ['a: it is no gzip of at most 67108864 bytes']);
  });

  it('is repeated when the store does not answer', async () => {
    const from = await inBackup(pod('shop/a'));
    const answer = await write(from, packed([{ index: 0 }]));
    runner.store.statObject = () => Promise.reject(new BowlineError('Unavailable', 'stat: no answer'));
    await assert.rejects(adopt(from, answer), { type: 'Unavailable', nonRetryable: false });
  });
});
