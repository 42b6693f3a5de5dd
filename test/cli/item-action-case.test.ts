import assert from 'node:assert/strict';
import { releaseBackupLock } from '../../examples/delete-item-action/release-backup-lock.ts';
import { parseCases, runCase, type ItemActionCase } from '../../src/cli/item-action-case.ts';
import type { DeleteItemActionInput, RestoreItemActionInput } from '../../src/plugins/index.ts';
import { object } from '../support/objects.ts';

const log = { info: () => undefined, warning: () => undefined };
const settings = { groupResource: 'configmaps', namespace: 'shop', name: 'settings' };
const item = object('v1 Pod', 'shop/web');
const cluster = [object('v1 ConfigMap', 'shop/settings', { data: { a: '1', b: { c: 'd' } } })];

/** An action of a deletion that does this. */
function deleting(execute: (input: DeleteItemActionInput) => Promise<unknown>) {
  return { execute: async (input: DeleteItemActionInput) => void (await execute(input)) };
}

describe('runCase', () => {
  it('tells what an action of a deletion would change, in its order, and changes nothing', async () => {
    const created = object('v1 ConfigMap', 'shop/more', { data: { x: 'y' } });
    const action = deleting(async ({ kubernetes }) => {
      await kubernetes.create(created);
      const patched = await kubernetes.mergePatch(settings, { data: { a: null, b: { e: 'f' }, g: ['h'] } });
      assert.deepEqual(patched['data'], { b: { c: 'd', e: 'f' }, g: ['h'] });
      await kubernetes.delete(settings);
      assert.equal((await kubernetes.get(settings)).metadata.name, 'settings');
      assert.equal((await kubernetes.list('configmaps')).length, 1);
    });
    assert.deepEqual(await runCase(action, { item, cluster }, { log }), {
      item: null,
      additionalItems: [],
      skipRestore: false,
      error: null,
      effects: [
        { op: 'create', object: created },
        { op: 'patch', object: settings, patch: { data: { a: null, b: { e: 'f' }, g: ['h'] } } },
        { op: 'delete', object: settings },
      ],
    });
    assert.deepEqual(cluster[0]!['data'], { a: '1', b: { c: 'd' } });
  });

  it('tells what came before an error, too', async () => {
    const action = deleting(async ({ kubernetes }) => {
      await kubernetes.delete(settings);
      await kubernetes.mergePatch({ ...settings, name: 'gone' }, {});
    });
    const { error, effects } = await runCase(action, { item, cluster }, { log });
    assert.match(error ?? '', /^get configmaps gone: 404 NotFound/);
    assert.deepEqual(effects, [{ op: 'delete', object: settings }]);
  });

  for (const [verb, call] of Object.entries({
    create: ({ kubernetes }) => kubernetes.create(object('v1 ConfigMap', 'shop/more')),
    patch: ({ kubernetes }) => kubernetes.mergePatch(settings, {}),
    delete: ({ kubernetes }) => kubernetes.delete(settings),
  } satisfies Record<string, (input: DeleteItemActionInput) => Promise<unknown>>)) {
    it(`refuses what the case's API server refuses: ${verb}`, async () => {
      const apiErrors = [{ verb, resource: 'configmaps', code: 403, reason: 'Forbidden', message: 'not yours' }];
      const { error, effects } = await runCase(deleting(call), { item, cluster, apiErrors }, { log });
      assert.equal(error, `${verb} configmaps: 403 Forbidden: not yours`);
      assert.equal(effects, undefined);
    });
  }

  it('runs the action of the example', async () => {
    const labels = { 'example.com/backup-lock': 'db', 'velero.io/backup-name': 'nightly' };
    const given = {
      item: object('apps/v1 StatefulSet', 'shop/db'),
      backup: { apiVersion: 'velero.io/v1', kind: 'Backup', metadata: { name: 'nightly' } },
      cluster: [
        object('v1 ConfigMap', 'shop/lock', { metadata: { labels } }),
        object('v1 ConfigMap', 'shop/other', {
          metadata: { labels: { ...labels, 'velero.io/backup-name': 'weekly' } },
        }),
      ],
    };
    const { effects } = await runCase(releaseBackupLock, given as unknown as ItemActionCase, { log });
    assert.deepEqual(effects, [{ op: 'delete', object: { ...settings, name: 'lock' } }]);
  });

  it('completes what a case leaves out of its backup and restore', async () => {
    const seen: RestoreItemActionInput[] = [];
    const action = {
      async execute(input: RestoreItemActionInput) {
        seen.push(input);
        return { updatedItem: input.item };
      },
    };
    for (const restore of [undefined, {}, { metadata: { name: 'again' }, spec: null }])
      await runCase(action, { item, ...(restore && { restore }) } as unknown as ItemActionCase, { log });
    assert.deepEqual(
      seen.map(({ restore: { metadata, spec } }) => [metadata.name, metadata.namespace, spec]),
      [
        ['case', 'velero', {}],
        ['', 'velero', {}],
        ['again', 'velero', {}],
      ],
    );
  });

  for (const metadata of [undefined, null]) {
    it(`takes metadata that is ${metadata} for empty`, async () => {
      const action = { execute: async ({ item: given }: RestoreItemActionInput) => ({ updatedItem: given }) };
      const given = { item: { apiVersion: 'v1', kind: 'Pod', metadata } } as unknown as ItemActionCase;
      assert.deepEqual((await runCase(action, given, { log })).item?.metadata, {});
    });
  }
});

describe('parseCases', () => {
  it('reads one case, or several, and keeps every digit', () => {
    const [one] = parseCases('[{"item":{"n":12345678901234567890}}]') as ItemActionCase[];
    assert.equal(JSON.stringify(one?.item), '{"n":12345678901234567890}');
    assert.ok(!Array.isArray(parseCases('{"item":{}}')));
  });
});
