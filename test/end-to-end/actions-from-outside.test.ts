import assert from 'node:assert/strict';
import { randomBytes, createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import proto from '@temporalio/proto';
import type { HandedItem } from '../../src/api/handed-batch.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { openDataConverter } from '../../src/codec.ts';
import { applyManifests } from '../../tools/demo/manifests.ts';
import { ActionWorker, hang, type ExecuteBatch } from '../support/action-worker.ts';
import { object } from '../support/objects.ts';
import { temporalServer } from '../support/servers.ts';
import { createEnvironment, readBackup, type Environment } from './environment.ts';
import { installPythonWorker, startPythonWorker, type PythonWorker } from './python-worker.ts';

const exampleModule = fileURLToPath(new URL('../../examples/item-action-module/actions.ts', import.meta.url));
const web = { app: 'web' };

/** What the actions find to do in a namespace. */
function manifests(namespace: string): Unstructured[] {
  const image = (tag: string) => ({ serviceAccountName: 'web', containers: [{ name: 'web', image: `web:${tag}` }] });
  const annotations = { 'example.com/needs-configmap': 'needed' };
  const ports = { selector: web, ports: [{ port: 80 }] };
  return [
    object('v1 Namespace', namespace),
    object('v1 ServiceAccount', `${namespace}/web`),
    object('v1 Pod', `${namespace}/steady`, { metadata: { labels: web, annotations }, spec: image('1') }),
    object('v1 Pod', `${namespace}/fickle`, { metadata: { labels: web }, spec: image('latest') }),
    object('v1 ConfigMap', `${namespace}/settings`, { metadata: { labels: web }, data: { color: 'blue' } }),
    object('v1 ConfigMap', `${namespace}/needed`, { data: { size: 'large' } }),
    object('v1 Service', `${namespace}/web`, { metadata: { labels: web }, spec: ports }),
    object('v1 Service', `${namespace}/cloud`, {
      metadata: { labels: web, annotations: { 'example.com/cloud-only': '' } },
      spec: ports,
    }),
  ];
}

describe('item actions that are not built in', function () {
  this.timeout(180_000);
  const namespace = 'actions-outside';
  const pythonQueue = 'item-actions-python';
  let environment: Environment;
  let python: PythonWorker | undefined;
  let broken: ActionWorker;

  before(async function () {
    // The first time, everything that the example needs is downloaded.
    this.timeout(600_000);
    await installPythonWorker();
    broken = new ActionWorker(await temporalServer());
    environment = await createEnvironment('actions-outside', {
      settings: () => ({
        itemActions: [
          { module: './actions.ts' },
          handed('RestoreItemAction', 'example.com/label', ['configmaps'], { taskQueue: pythonQueue, timeout: '10s' }),
          handed('BackupItemAction', 'example.com/refuse-latest', ['pods'], { taskQueue: pythonQueue }),
          handed('BackupItemAction', 'example.com/broken', ['services'], {
            taskQueue: broken.taskQueue,
            timeout: '3s',
          }),
          handed('BackupItemAction', 'example.com/absent', ['serviceaccounts'], {
            taskQueue: 'nobody',
            startTimeout: '1s',
          }),
        ],
      }),
    });
    copyFileSync(exampleModule, join(environment.folder, 'actions.ts'));
    await applyManifests(environment.kubernetes, manifests(namespace));
    environment.startWorker();
    python = await startPythonWorker(pythonQueue, environment.s3.url);
  });

  after(async () => {
    await python?.kill();
    await environment.stop();
  });

  function handed(kind: string, name: string, includedResources: readonly string[], settings: object): object {
    return { kind, name, appliesTo: { includedResources, includedNamespaces: ['actions-outside*'] }, ...settings };
  }

  const pods = { includedNamespaces: [namespace], labelSelector: { matchLabels: web } };
  const inBackup = async (name: string): Promise<string[]> => [...(await readBackup(environment, name)).keys()].sort();
  const inCluster = async (resource: string, at: string, name: string): Promise<Unstructured> => {
    const found = (await environment.kubernetes.discover()).find(resource)!;
    return environment.kubernetes.get(found, { namespace: at, name });
  };

  /** Writes an answer as a worker does, if need be with another digest. */
  function answering(lines: readonly object[], digest?: string): ExecuteBatch {
    return async ({ answerPrefix }) => {
      const body = gzipSync(lines.map((line) => JSON.stringify(line)).join('\n'));
      await environment.store.putObject(`${answerPrefix}1`, body);
      const sha256 = digest ?? createHash('sha256').update(body).digest('hex');
      return { key: `${answerPrefix}1`, sha256, bytes: body.length };
    };
  }

  /** Answers for every item. */
  const answeringEach =
    (answer: object): ExecuteBatch =>
    async (batch) => {
      const body = await buffer(await environment.store.getObject(batch.batch.key));
      const [, ...lines] = gunzipSync(body).toString().split('\n');
      return answering(lines.map((line) => ({ ...answer, index: (JSON.parse(line) as HandedItem).index })))(batch);
    };

  /** What a backup says went wrong, by item. */
  async function resultsOf(name: string): Promise<string> {
    const body = await environment.store.getObject(`backups/${name}/${name}-results.gz`);
    return gunzipSync(await buffer(body)).toString();
  }

  describe('in the examples', () => {
    it('back up what they ask for, and leave out what they fail at', async () => {
      const spec = { ...pods, excludedResources: ['services', 'serviceaccounts'] };
      const result = await environment.run('backup', { name: 'examples', spec });
      assert.deepEqual([result.phase, result.errors], ['PartiallyFailed', 1]);
      const items = await inBackup('examples');
      // Of the module's action; no label selects it.
      assert.ok(items.includes(`configmaps/${namespace}/needed`), items.join());
      assert.ok(items.includes(`pods/${namespace}/steady`), items.join());
      // Of the Python worker's.
      assert.ok(!items.includes(`pods/${namespace}/fickle`), items.join());
      const results = await resultsOf('examples');
      assert.match(results, /fickle.*example\.com\/refuse-latest.*uses the image web:latest/);
    });

    it('change and leave out what is restored', async () => {
      const spec = {
        includedNamespaces: [namespace],
        labelSelector: { matchLabels: web },
        excludedResources: ['pods'],
      };
      await broken.while(answeringEach({}), () => environment.run('backup', { name: 'for-restore', spec }));
      const target = `${namespace}-copy`;
      const result = await environment.run('restore', {
        name: 'examples',
        spec: { backupName: 'for-restore', namespaceMapping: { [namespace]: target } },
      });
      assert.deepEqual([result.phase, result.errors], ['Completed', 0]);
      const { metadata, ...settings } = await inCluster('configmaps', target, 'settings');
      assert.partialDeepStrictEqual(metadata.labels, { ...web, 'example.com/came-through': 'examples' });
      assert.deepEqual(settings['data'], { color: 'blue' });
      const service = await inCluster('services', target, 'web');
      assert.equal(service.metadata.annotations?.['example.com/restored-from'], 'for-restore');
      await assert.rejects(inCluster('services', target, 'cloud'), { code: 'NotFound' });
    });

    it('go on in another worker when theirs is killed in the middle of a batch', async () => {
      const target = `${namespace}-killed`;
      const holding = environment.s3.hold({ method: 'GET', path: /-handed-/, at: 'before' });
      const spec = {
        backupName: 'for-restore',
        includedResources: ['configmaps'],
        namespaceMapping: { [namespace]: target },
      };
      const running = environment.run('restore', { name: 'killed', spec });
      const held = await holding;
      await python?.kill();
      held.release();
      python = await startPythonWorker(pythonQueue, environment.s3.url);
      const result = await running;
      assert.deepEqual([result.phase, result.errors], ['Completed', 0]);
      const { metadata } = await inCluster('configmaps', target, 'settings');
      assert.equal(metadata.labels?.['example.com/came-through'], 'killed');
    });

    it('are listed, and can be tried by hand', async () => {
      const listed = await environment.bowline('action', 'list');
      assert.match(listed.text, /example\.com\/services .*\.\/actions\.ts/);
      assert.match(listed.text, /example\.com\/label .*task queue item-actions-python/);
      const file = join(environment.folder, 'case.json');
      writeFileSync(file, JSON.stringify({ item: object('v1 Service', 'shop/web') }));
      const args = ['--kind', 'RestoreItemAction', '--action', 'example.com/services', '--case', file];
      const tried = await environment.bowline('action', 'run', ...args);
      assert.match(tried.text, /"example\.com\/restored-from": ""/);
    });
  });

  describe('on workers that do not what they should', () => {
    const spec = { includedNamespaces: [namespace], includedResources: ['services', 'serviceaccounts', 'configmaps'] };

    const breaks: readonly [string, () => ExecuteBatch, RegExp][] = [
      ['hangs', () => hang, /the worker on task queue actions-\S+ did not answer within 3 s/],
      ['answers with what is no answer', () => async () => 'all done', /it answered with string; expected an object/],
      ['answers for no item', () => answering([]), /line 1: it is no JSON/],
      ['answers with another digest', () => answering([{ index: 0 }], 'f'.repeat(64)), /its SHA-256 is/],
      [
        'answers with other objects',
        () => answeringEach({ item: object('v1 Secret', `${namespace}/token`) }),
        /line 1: the action gave another object than it was given/,
      ],
    ];
    for (const [index, [what, execute, expected]] of breaks.entries()) {
      it(`have errors at the items of their own actions alone, when one ${what} and one is not there`, async () => {
        const name = `broken-${index}`;
        const result = await broken.while(execute(), () => environment.run('backup', { name, spec }));
        assert.equal(result.phase, 'PartiallyFailed');
        const items = await inBackup(name);
        assert.deepEqual(
          items.filter((key) => /^(services|serviceaccounts)\//.test(key)),
          [],
        );
        assert.ok(items.includes(`configmaps/${namespace}/settings`), items.join());
        const results = await resultsOf(name);
        assert.match(results, /services.*web.*example\.com\/broken/);
        assert.match(results, expected);
        assert.match(results, /no worker on task queue nobody took the batch within 1 s/);
        assert.deepEqual(
          (await environment.keys()).filter((key) => key.startsWith(`backups/${name}/staging/`)),
          [],
        );
      });
    }
  });
});

describe('a codec, and item actions by payloads', function () {
  this.timeout(180_000);
  const namespace = 'payloads';
  const marker = 'open-sesame-in-the-clear';
  let folder: string;
  let environment: Environment;
  let actions: ActionWorker;
  let keyFile: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-payloads-'));
    keyFile = join(folder, 'keys');
    writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`);
    actions = new ActionWorker(await temporalServer());
    environment = await createEnvironment('payloads', {
      settings: ({ temporal }) => ({
        temporal: { ...(temporal as object), codec: { keyFile } },
        itemActions: [
          {
            taskQueue: actions.taskQueue,
            kind: 'BackupItemAction',
            name: 'example.com/mark',
            appliesTo: { includedResources: ['configmaps'], includedNamespaces: [namespace] },
            transport: 'payload',
          },
        ],
      }),
    });
    await applyManifests(environment.kubernetes, [
      object('v1 Namespace', namespace),
      object('v1 ConfigMap', `${namespace}/settings`, { data: { password: marker } }),
    ]);
    environment.startWorker();
  });

  after(async () => {
    await environment.stop();
    rmSync(folder, { recursive: true });
  });

  /** Marks items, as a worker without access to the store does. */
  const mark: ExecuteBatch = async ({ content = '' }) => {
    const [, ...lines] = gunzipSync(Buffer.from(content, 'base64')).toString().split('\n');
    const answers = lines
      .map((line) => JSON.parse(line) as HandedItem)
      .map(({ index, item }) => ({
        index,
        item: { ...item, metadata: { ...item.metadata, labels: { marked: 'yes' } } },
      }));
    return { content: gzipSync(answers.map((one) => JSON.stringify(one)).join('\n')).toString('base64') };
  };

  async function back(name: string): Promise<string> {
    const { code, text } = await environment.bowline(
      'backup',
      'create',
      name,
      '--include-namespaces',
      namespace,
      '--wait',
    );
    return `${code} ${text}`;
  }

  /** The bytes of a history, as Temporal keeps them. */
  async function history(name: string): Promise<string> {
    const fetched = await environment.temporal.workflow.getHandle(`backup/${name}`).fetchHistory();
    return Buffer.from(proto.temporal.api.history.v1.History.encode(fetched).finish()).toString('latin1');
  }

  it('change what is backed up, and leave nothing of it in the history to be read', async () => {
    const converter = await openDataConverter({ keyFile });
    assert.match(await actions.while(mark, () => back('encrypted'), converter), /^0 /);
    const item = (await readBackup(environment, 'encrypted')).get(`configmaps/${namespace}/settings`);
    assert.deepEqual([item?.metadata.labels, item?.['data']], [{ marked: 'yes' }, { password: marker }]);
    const text = await history('encrypted');
    assert.ok(text.includes('binary/encrypted') && text.includes('executeItemAction'));
    // Neither an item, nor a spec, nor what a batch looks like in base64.
    for (const secret of [marker, 'includedNamespaces', 'H4sI']) assert.ok(!text.includes(secret), secret);
  });

  it('can be described by the command line, which has the keys', async () => {
    const { text } = await environment.bowline('backup', 'describe', 'encrypted');
    assert.match(text, /Completed/);
  });

  it('have errors of their own where the worker answers with keys that nobody else has', async () => {
    const otherKeys = join(folder, 'other-keys');
    writeFileSync(otherKeys, randomBytes(32).toString('base64'));
    const [ours, theirs] = [await openDataConverter({ keyFile }), await openDataConverter({ keyFile: otherKeys })];
    const mixed = {
      payloadCodecs: [{ encode: theirs.payloadCodecs![0]!.encode, decode: ours.payloadCodecs![0]!.decode }],
    };
    assert.match(await actions.while(mark, () => back('mixed'), mixed), /^3 /);
    const body = await environment.store.getObject('backups/mixed/mixed-results.gz');
    const results = gunzipSync(await buffer(body)).toString();
    assert.match(results, /it answered in an encoding that can't be read \(binary\/encrypted\)/);
  });
});
