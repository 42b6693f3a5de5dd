import assert from 'node:assert/strict';
import { BowlineError } from '../../src/api/errors.ts';
import type { KubernetesWriter } from '../../src/kubernetes/writer.ts';
import { writerOf } from '../../src/kubernetes/writer.ts';
import { ClusterInMemory } from '../support/cluster-in-memory.ts';
import { object } from '../support/objects.ts';

const { signal } = new AbortController();
const settings = { groupResource: 'configmaps', namespace: 'shop', name: 'settings' };

describe('writerOf', () => {
  let cluster: ClusterInMemory;
  let writer: KubernetesWriter;
  let mayWrite: boolean;

  beforeEach(() => {
    cluster = new ClusterInMemory();
    cluster.hold(object('v1 Namespace', 'shop'), object('v1 ConfigMap', 'shop/settings'));
    mayWrite = true;
    writer = writerOf(cluster, {
      signal,
      assertMayWrite() {
        if (!mayWrite) throw new BowlineError('Interrupted', 'this attempt was suspended');
      },
    });
  });

  const names = async (): Promise<string[]> =>
    (await writer.list('configmaps', { namespace: 'shop' })).map(({ metadata }) => metadata.name);

  it('remembers what it has read, until it has written', async () => {
    assert.deepEqual([await names(), await names()], [['settings'], ['settings']]);
    await writer.create(object('v1 ConfigMap', 'shop/more'));
    assert.deepEqual(await names(), ['more', 'settings']);
    await writer.delete(settings);
    assert.deepEqual(await names(), ['more']);
    assert.equal(cluster.requests.filter((request) => request.startsWith('list')).length, 3);
  });

  it('creates an object once', async () => {
    const { metadata } = await writer.create(object('v1 ConfigMap', 'shop/more'));
    assert.equal(typeof metadata.uid, 'string');
    await assert.rejects(writer.create(object('v1 ConfigMap', 'shop/more')), { code: 'AlreadyExists' });
  });

  it('patches an object, and reads what has become of it', async () => {
    await writer.get(settings);
    const patched = await writer.mergePatch(settings, { data: { colour: 'red' } });
    assert.deepEqual(patched['data'], { colour: 'red' });
    assert.deepEqual((await writer.get(settings))['data'], { colour: 'red' });
    await assert.rejects(writer.mergePatch({ ...settings, name: 'gone' }, {}), { code: 'NotFound' });
  });

  it('deletes what is there, and accepts what is not, or is of a kind that the cluster does not serve', async () => {
    for (let i = 0; i < 2; i++) await writer.delete(settings);
    await writer.delete({ ...settings, groupResource: 'locks.example.com' });
    assert.deepEqual(await names(), []);
  });

  it('does not serve what the cluster does not', async () => {
    assert.deepEqual([await writer.serves('configmaps'), await writer.serves('locks.example.com')], [true, false]);
    await assert.rejects(writer.create(object('example.com/v1 Lock', 'shop/a')), {
      code: 'NotFound',
      message: 'create example.com/v1 Lock: the cluster does not serve this kind',
    });
    await assert.rejects(writer.mergePatch({ ...settings, groupResource: 'locks.example.com' }, {}), {
      code: 'NotFound',
      message: 'patch locks.example.com settings: the cluster does not serve this resource',
    });
  });

  it('makes no write that it may not', async () => {
    mayWrite = false;
    await assert.rejects(writer.create(object('v1 ConfigMap', 'shop/more')), { code: 'Interrupted' });
    await assert.rejects(writer.mergePatch(settings, {}), { code: 'Interrupted' });
    await assert.rejects(writer.delete(settings), { code: 'Interrupted' });
    assert.deepEqual(cluster.requests, []);
  });

  it('passes on what the API server refuses', async () => {
    cluster.fail('delete', 'configmaps', new BowlineError('AccessDenied', 'delete: 403', { status: 403 }));
    await assert.rejects(writer.delete(settings), { code: 'AccessDenied' });
  });
});
