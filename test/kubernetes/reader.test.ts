import assert from 'node:assert/strict';
import { BowlineError } from '../../src/api/errors.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesClient, ListPage } from '../../src/kubernetes/client.ts';
import { readDiscovery } from '../../src/kubernetes/discovery-document.ts';
import { readerOf } from '../../src/kubernetes/reader.ts';

const { signal } = new AbortController();
const web = { groupResource: 'pods', namespace: 'shop', name: 'web' };

function pod(name: string): Unstructured {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' } };
}

/** A cluster of pods alone, which counts what it is asked; `fault` is thrown once, and then forgotten. */
class CountingClient implements Pick<KubernetesClient, 'discover' | 'get' | 'listPages'> {
  readonly asked: string[] = [];
  fault: BowlineError | undefined;

  discover: KubernetesClient['discover'] = () =>
    readDiscovery(async (path) => {
      if (path === '/api') return JSON.stringify({ versions: ['v1'] });
      if (path === '/apis') return JSON.stringify({ groups: [] });
      return JSON.stringify({
        resources: [{ name: 'pods', singularName: 'pod', kind: 'Pod', namespaced: true, verbs: ['get'] }],
      });
    });

  get: KubernetesClient['get'] = async ({ groupResource }, { namespace, name }) => {
    this.#count(`get ${groupResource} ${namespace}/${name}`);
    return pod(name);
  };

  async *listPages(
    ...[{ groupResource }, options]: Parameters<KubernetesClient['listPages']>
  ): AsyncGenerator<ListPage, void, undefined> {
    this.#count(`list ${groupResource} ${options?.namespace ?? ''} ${options?.labelSelector ?? ''}`);
    yield { items: [pod('web')], continueToken: 'more' };
    yield { items: [pod('db')] };
  }

  #count(question: string): void {
    this.asked.push(question);
    const { fault } = this;
    this.fault = undefined;
    if (fault) throw fault;
  }
}

describe('readerOf', () => {
  let client: CountingClient;
  let reader: ReturnType<typeof readerOf>;

  beforeEach(() => {
    client = new CountingClient();
    reader = readerOf(client as unknown as KubernetesClient, signal);
  });

  it('asks once for an object, however many ask at once and later', async () => {
    const [a, b] = await Promise.all([reader.get(web), reader.get(web)]);
    assert.equal(a, b);
    assert.equal(await reader.get(web), a);
    assert.deepEqual(client.asked, ['get pods shop/web']);
  });

  it('asks once for each list, and joins its pages', async () => {
    for (let i = 0; i < 2; i++) {
      const items = await reader.list('pods', { namespace: 'shop' });
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name),
        ['web', 'db'],
      );
    }
    await reader.list('pods', { namespace: 'shop', labelSelector: 'a=b' });
    await reader.list('pods');
    assert.deepEqual(client.asked, ['list pods shop ', 'list pods shop a=b', 'list pods  ']);
  });

  it('remembers that an object is not there', async () => {
    client.fault = new BowlineError('NotFound', 'get pods shop/web: 404 NotFound', { status: 404 });
    await assert.rejects(reader.get(web), { code: 'NotFound' });
    await assert.rejects(reader.get(web), { code: 'NotFound' });
    assert.equal(client.asked.length, 1);
  });

  it('asks again after a fault that may pass', async () => {
    client.fault = new BowlineError('Unavailable', 'get pods shop/web: no answer');
    await assert.rejects(reader.get(web), { code: 'Unavailable' });
    assert.equal((await reader.get(web)).metadata.name, 'web');

    client.fault = new BowlineError('Unavailable', 'list pods: no answer');
    await assert.rejects(reader.list('pods'), { code: 'Unavailable' });
    assert.equal((await reader.list('pods')).length, 2);
  });

  it('has nothing of a resource that the cluster does not serve', async () => {
    assert.equal(await reader.serves('pods'), true);
    assert.equal(await reader.serves('widgets.example.com'), false);
    assert.deepEqual(await reader.list('widgets.example.com'), []);
    await assert.rejects(reader.get({ ...web, groupResource: 'widgets.example.com' }), { code: 'NotFound' });
    assert.deepEqual(client.asked, []);
  });
});
