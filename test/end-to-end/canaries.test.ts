import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { applyManifests } from '../../tools/demo/manifests.ts';
import { freePort } from '../../tools/stack/server.ts';
import { startWorker, type WorkerProcess } from '../../tools/stack/worker.ts';
import { findCanaries, temporalPlaces, type Canaries } from '../support/canaries.ts';
import { object } from '../support/objects.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../support/otlp-receiver.ts';
import { kwokServer, s3Server } from '../support/servers.ts';
import { workflowBundleFileWithTwin } from '../support/workflow-bundle.ts';
import { createEnvironment, type Environment } from './environment.ts';

const namespace = 'canaries';

const canaries = {
  'a value of a Secret': 'canary-of-data/4c1f+"x"',
  'a value of stringData': 'canary-of-string-data-90ab',
  'an annotation of a Secret': 'canary-of-annotation-77de',
  "a hook's password": 'canary-of-hook-51aa',
  'the key of signed URLs': 'canary-of-signing-key-0123456789abcdef',
  'a signature': 'canary-of-signature-6e2b',
  'a token of a header': 'canary-of-header-b8f0',
  'a token of a webhook': 'canary-of-webhook-3d3d',
  'a variable': 'canary-of-variable-aa10',
} as const;

const value = canaries['a value of a Secret'];
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Item actions that quote what they are given; the first time as a fault of a server, so that the step is done again. */
const actions = `
const quote = (item) => JSON.stringify(item) + Object.values(item.data ?? {}).map((one) => Buffer.from(one, 'base64'));
const appliesTo = { includedResources: ['secrets'], labelSelector: 'app=thrown' };
let asked = 0;
const execute = async ({ item, log }) => {
  log.info('it is ' + quote(item));
  log.warning('beware of ' + quote(item));
  const fault = Object.assign(new Error('can not take ' + quote(item)), { detail: quote(item) });
  if (asked++ === 0) Object.assign(fault, { name: 'BowlineError', code: 'Unavailable' });
  throw fault;
};
export const backupItemActions = [{ name: 'example.com/throws', appliesTo: { ...appliesTo, labelSelector: 'app=thrown,when=backup' }, execute }];
export const restoreItemActions = [{ name: 'example.com/throws', appliesTo, execute }];
export const deleteItemActions = [{ name: 'example.com/throws', appliesTo, execute }];
`;

function secret(name: string, labels: Record<string, string> = {}): Unstructured {
  return object('v1 Secret', `${namespace}/${name}`, {
    metadata: { labels, annotations: { note: canaries['an annotation of a Secret'] } },
    data: { password: base64(value) },
    stringData: { token: canaries['a value of stringData'] },
  });
}

function pod(node: string): Unstructured {
  const command = (end: string): string =>
    JSON.stringify(['sh', '-c', `PASSWORD=${canaries["a hook's password"]} true; ${end}`]);
  return object('v1 Pod', `${namespace}/db`, {
    metadata: {
      annotations: {
        'pre.hook.backup.velero.io/command': command('true'),
        'pre.hook.backup.velero.io/on-error': 'Continue',
        'post.hook.backup.velero.io/command': command('exit 3'),
        'post.hook.backup.velero.io/on-error': 'Continue',
      },
    },
    spec: { nodeName: node, containers: [{ name: 'main', image: 'none' }] },
  });
}

/** How an API server that quotes what it refuses says so. */
const refusal = JSON.stringify({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason: 'Invalid',
  code: 422,
  message:
    `Secret "vault" is invalid: data: Invalid value: ${JSON.stringify({ password: base64(value) })}: it is ${value}, ` +
    `annotated ${canaries['an annotation of a Secret']}`,
});

const signedUrl = `https://s3.example.com/bucket/key?X-Amz-Signature=${canaries['a signature']}&X-Amz-Date=1`;

/** How a store that tells its own URL says that it is out of order. */
const outOfOrder = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${signedUrl.replaceAll('&', '&amp;')}</Message></Error>`;

describe('secrets', function () {
  this.timeout(300_000);
  let environment: Environment;
  let receiver: OtlpReceiver;
  let worker: WorkerProcess;
  let own: string;
  let stored: string;
  let all: Canaries;
  const places: Record<string, string> = {};
  const ended: Record<string, unknown> = {};

  before(async () => {
    receiver = await startOtlpReceiver();
    own = mkdtempSync(join(tmpdir(), 'bowline-canaries-'));
    writeFileSync(join(own, 'signing-key'), base64(canaries['the key of signed URLs']), { mode: 0o600 });
    const [kwok, s3, health, files] = [await kwokServer(), await s3Server(), await freePort(), await freePort()];
    all = { ...canaries, "the store's key": s3.secretAccessKey };
    const bundle = await workflowBundleFileWithTwin();
    environment = await createEnvironment('canaries', {
      settings: ({ temporal, backupStorageLocations }) => ({
        temporal: { ...(temporal as object), workflowBundle: bundle },
        tracing: {
          endpoint: receiver.endpoint,
          headers: { authorization: `Bearer ${canaries['a token of a header']}` },
        },
        health: { listen: `127.0.0.1:${health}` },
        log: { level: 'debug' },
        itemActions: [{ module: './actions.mjs' }],
        notifications: [
          {
            name: 'nobody',
            url: `${receiver.endpoint}/hooks/${canaries['a token of a webhook']}?token=x`,
            phases: ['Completed'],
          },
        ],
        backupStorageLocations: [
          ...backupStorageLocations,
          {
            name: 'archive',
            provider: 'filesystem',
            objectStorage: { bucket: 'archive' },
            config: {
              path: own,
              signedUrlListen: `127.0.0.1:${files}`,
              signedUrlKeyFile: join(own, 'signing-key'),
            },
          },
        ],
      }),
    });
    const { folder, kubernetes, api, s3: store } = environment;
    writeFileSync(join(folder, 'actions.mjs'), actions);
    await applyManifests(kubernetes, [
      object('v1 Namespace', namespace),
      secret('vault'),
      secret('thrown-at-backup', { app: 'thrown', when: 'backup' }),
      secret('thrown-later', { app: 'thrown' }),
      pod(kwok.node),
    ]);
    const pods = (await kubernetes.discover()).find('pods')!;
    while (!isRunning(await kubernetes.get(pods, { namespace, name: 'db' }))) await sleep(50);
    worker = startWorker(environment.configuration, { AZURE_CLIENT_SECRET: canaries['a variable'] });

    // For longer than the requests' own repetitions go on: the activity fails once, too.
    const stop = store.add({
      match: { method: 'PUT' },
      when: { first: 12 },
      fault: { type: 'refuse', status: 500, body: outOfOrder('InternalError'), contentType: 'application/xml' },
    });
    await does('backup', ['backup', 'create', 'b1', '--include-namespaces', namespace, '--wait']);
    stop();
    const restored = ['--from-backup', 'b1', '--namespace-mappings', `${namespace}:${namespace}-2`];
    const refuse = { type: 'refuse', status: 422, body: refusal, contentType: 'application/json' } as const;
    api.add({ match: { method: 'POST', path: /\/secrets(\?|$)/ }, when: { first: 2 }, fault: refuse });
    await does('dry run', ['restore', 'create', 'dry', ...restored, '--dry-run']);
    api.clear();
    api.add({ match: { method: 'POST', path: /\/secrets(\?|$)/ }, when: { first: 1 }, fault: refuse });
    await does('restore', ['restore', 'create', 'r1', ...restored, '--wait']);
    api.clear();
    await does('archive', [
      ...['backup', 'create', 'b2', '--include-namespaces', namespace, '--storage-location', 'archive', '--wait'],
    ]);
    const denied = store.add({
      match: { method: 'PUT' },
      fault: { type: 'refuse', status: 403, body: outOfOrder('AccessDenied'), contentType: 'application/xml' },
    });
    await does('refused backup', ['backup', 'create', 'b3', '--include-namespaces', namespace, '--wait']);
    denied();

    for (const command of [
      ['backup', 'describe', 'b1', '--details'],
      ['backup', 'logs', 'b1'],
      ['restore', 'describe', 'r1'],
      ['restore', 'logs', 'r1'],
      ['backup-location', 'get', '--validate'],
      ['doctor'],
    ])
      await does(command.join(' '), command);
    for (const key of await environment.keys()) {
      if (key.endsWith('.tar.gz') || key.includes('staging')) continue;
      places[`the file ${key}`] = await contentOf(key);
    }
    stored = await contentOf('backups/b1/b1.tar.gz');
    const metrics = await fetch(`http://127.0.0.1:${health}/metrics`);
    places['the metrics'] = await metrics.text();
    await does('deletion', ['backup', 'delete', 'b1', '--confirm', '--wait']);
    Object.assign(places, await temporalPlaces(environment.temporal, environment.name));
    await worker.kill('SIGTERM');
    places["the worker's log"] = worker.output();
    places['the traces'] = receiver.bodies.join('\n');
  });
  after(async () => {
    await worker?.kill();
    await environment?.stop();
    await receiver?.close();
    rmSync(own, { recursive: true, force: true });
  });

  async function does(what: string, args: readonly string[]): Promise<void> {
    const { code, text } = await environment.bowline(...args);
    ended[what] = code;
    places[`what the command prints: ${what}`] = text;
  }

  async function contentOf(key: string): Promise<string> {
    const body = await buffer(await environment.store.getObject(key));
    return (key.endsWith('.gz') ? gunzipSync(body) : body).toString('utf8');
  }

  it('are found in the store: they are looked for in the right way', () => {
    assert.deepEqual(findCanaries(canaries, { 'the tarball': stored }), [
      'a value of a Secret in the tarball, in base64',
      'a value of stringData in the tarball, in base64',
      'an annotation of a Secret in the tarball, as it is',
      "a hook's password in the tarball, as it is",
    ]);
  });

  it('were in runs that met all of these faults', () => {
    const { backup, restore, archive, deletion } = ended;
    const refused = ended['refused backup'];
    assert.deepEqual(
      { backup, restore, archive, deletion, refused },
      { backup: 3, restore: 3, archive: 3, deletion: 3, refused: 1 },
    );
    const log = places["the worker's log"]!;
    assert.match(log, /can not take /);
    assert.match(log, /put s3:.*500/);
    assert.match(places['the file backups/b1/b1-results.gz']!, /example\.com\/throws/);
    assert.match(places['the file restores/r1/restore-r1-results.gz']!, /is invalid: data: Invalid value/);
  });

  it('are nowhere but in the store', () => assert.deepEqual(findCanaries(all, places), []));
});

function isRunning({ status }: Unstructured): boolean {
  return (status as { readonly phase?: string } | undefined)?.phase === 'Running';
}
