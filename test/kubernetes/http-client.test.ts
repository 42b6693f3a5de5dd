import assert from 'node:assert/strict';
import type { ApiResource } from '../../src/api/api-resource.ts';
import { parseJson } from '../../src/api/json.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { Discovery } from '../../src/kubernetes/discovery.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import { kubernetesServer } from '../support/servers.ts';

const namespace = `http-client-${process.pid}`;
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.http-client.example.com' },
  spec: {
    group: 'http-client.example.com',
    scope: 'Namespaced',
    names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', shortNames: ['gdt'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

describe('connect', () => {
  let kubernetes: KubernetesClient;
  let discovery: Discovery;
  let configMaps: ApiResource;

  before(async function () {
    this.timeout(60_000);
    const { kubeconfig } = await kubernetesServer();
    kubernetes = await connect({ kubeconfig });
    discovery = await kubernetes.discover();
    configMaps = resourceOf('configmaps');
    await kubernetes.create(resourceOf('namespaces'), {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
  });

  after(async () => {
    await kubernetes.delete(resourceOf('namespaces'), { name: namespace });
    await kubernetes.close();
  });

  function resourceOf(name: string): ApiResource {
    return discovery.resolve(name) ?? assert.fail(`no ${name}`);
  }

  function configMap(name: string, members: object = {}): Unstructured {
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...members }, data: { name } };
  }

  it('tells the version of the server', async () => {
    const { gitVersion, major, minor } = await kubernetes.version();
    assert.ok(gitVersion.startsWith(`v${major}.${minor}`));
  });

  it('discovers what the server serves, and remembers it until asked anew', async () => {
    assert.equal(discovery.resolve('deploy')?.groupResource, 'deployments.apps');
    assert.equal(discovery.resolve('cm')?.apiVersion, 'v1');
    assert.equal(discovery.find('namespaces')?.namespaced, false);
    assert.deepEqual(discovery.failures, []);
    assert.equal(await kubernetes.discover(), discovery);
    assert.notEqual(await kubernetes.discover({ refresh: true }), discovery);
  });

  it('creates, reads, patches and deletes an object', async () => {
    const ref = { namespace, name: 'one' };
    const created = await kubernetes.create(configMaps, configMap('one'));
    assert.ok(created.metadata.uid);
    const patched = await kubernetes.mergePatch(configMaps, ref, { data: { name: null, added: 'ö' } });
    assert.deepEqual(patched['data'], { added: 'ö' });
    const read = await kubernetes.get(configMaps, ref);
    assert.deepEqual(read, patched);
    await kubernetes.delete(configMaps, ref);
    await assert.rejects(kubernetes.get(configMaps, ref), { code: 'NotFound', status: 404 });
  });

  it('changes nothing in a dry run, and gives the answer that it would have been', async () => {
    const ref = { namespace, name: 'planned' };
    const planned = await kubernetes.create(configMaps, configMap('planned'), { dryRun: true });
    assert.ok(planned.metadata.uid);
    await assert.rejects(kubernetes.get(configMaps, ref), { code: 'NotFound' });

    await kubernetes.create(configMaps, configMap('planned'));
    await assert.rejects(kubernetes.create(configMaps, configMap('planned'), { dryRun: true }), {
      code: 'AlreadyExists',
    });
    const patched = await kubernetes.mergePatch(configMaps, ref, { data: { added: 'ö' } }, { dryRun: true });
    assert.equal((patched['data'] as { added?: string }).added, 'ö');
    assert.equal(((await kubernetes.get(configMaps, ref))['data'] as { added?: string } | undefined)?.added, undefined);
  });

  it('writes the status of an object and not its spec, and not over a newer one', async () => {
    const services = resourceOf('services');
    const spec = { ports: [{ port: 80 }], clusterIP: 'None' };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: 'with-status' }, spec };
    const created = await kubernetes.create(services, service);
    const lastTransitionTime = '2026-01-02T03:04:05Z';
    const condition = { type: 'Restored', status: 'True', reason: 'ByTest', message: '', lastTransitionTime };
    const status = { conditions: [condition], loadBalancer: {} };
    const written = { ...created, spec: { ...(created['spec'] as object), ports: [{ port: 81 }] }, status };
    const replaced = await kubernetes.replaceStatus(services, written);
    assert.deepEqual(replaced['status'], status);
    assert.deepEqual(replaced['spec'], created['spec']);
    await assert.rejects(kubernetes.replaceStatus(services, written), { code: 'Conflict' });
    const configured = await kubernetes.create(configMaps, configMap('without-status'));
    await assert.rejects(kubernetes.replaceStatus(configMaps, { ...configured, status }), { code: 'NotFound' });
  });

  it('takes a deletion of what is not there for done', async () => {
    await kubernetes.delete(configMaps, { namespace, name: 'never-was' });
  });

  it('lists in pages, which say how many follow', async () => {
    const names = ['p1', 'p2', 'p3', 'p4', 'p5'];
    await Promise.all(
      names.map((name) => kubernetes.create(configMaps, configMap(name, { labels: { paged: 'yes' } }))),
    );
    const first = await kubernetes.listPage(configMaps, { namespace, limit: 2 });
    assert.equal(first.items.length, 2);
    assert.ok(first.continueToken && first.remaining !== undefined && first.remaining >= 3);

    const sizes: number[] = [];
    const listed: string[] = [];
    for await (const { items } of kubernetes.listPages(configMaps, {
      namespace,
      labelSelector: 'paged in (yes)',
      limit: 2,
    })) {
      sizes.push(items.length);
      listed.push(...items.map(({ metadata }) => metadata.name));
    }
    assert.deepEqual(sizes, [2, 2, 1]);
    assert.deepEqual(listed, names);
  });

  it('gives each item of a list its apiVersion and kind, first, as a get does', async () => {
    await kubernetes.create(configMaps, configMap('like-a-get'));
    const { items } = await kubernetes.listPage(configMaps, { namespace });
    const listed = items.find(({ metadata }) => metadata.name === 'like-a-get') ?? assert.fail();
    assert.deepEqual(Object.keys(listed).slice(0, 3), ['apiVersion', 'kind', 'metadata']);
    assert.deepEqual(listed, await kubernetes.get(configMaps, { namespace, name: 'like-a-get' }));
  });

  it('stops reading pages when the consumer does', async () => {
    for await (const { items } of kubernetes.listPages(resourceOf('clusterroles'), { limit: 1 })) {
      assert.equal(items.length, 1);
      break;
    }
  });

  it('returns custom resources digit for digit, unknown fields included', async function () {
    this.timeout(20_000);
    await kubernetes.create(resourceOf('customresourcedefinitions'), definition);
    const gadgets = await served('gadgets.http-client.example.com');
    const spec = parseJson('{"serial":1234567890123456789,"small":7,"deep":{"list":[{"any":null},9007199254740993]}}');
    const gadget = {
      apiVersion: 'http-client.example.com/v1',
      kind: 'Gadget',
      metadata: { name: 'g', namespace },
      spec,
    };
    await createWhenServed(gadgets, gadget);

    const read = await kubernetes.get(gadgets, { namespace, name: 'g' });
    const { items } = await kubernetes.listPage(gadgets, { namespace });
    for (const item of [read, items[0]]) {
      assert.match(JSON.stringify(item), /"serial":1234567890123456789[,}]/);
      assert.match(JSON.stringify(item), /"list":\[\{"any":null\},9007199254740993\]/);
    }
    assert.deepEqual(Object.keys(items[0] ?? {}).slice(0, 2), ['apiVersion', 'kind']);
    await kubernetes.delete(resourceOf('customresourcedefinitions'), { name: definition.metadata.name });
  });

  it('says AlreadyExists of a second creation, with the words of the server in detail alone', async () => {
    await kubernetes.create(configMaps, configMap('twice'));
    await assert.rejects(kubernetes.create(configMaps, configMap('twice')), (error: Error & { detail?: string }) => {
      assert.equal(error.message, `create configmaps ${namespace}/twice: 409 AlreadyExists`);
      assert.match(error.detail ?? '', /already exists/);
      return (error as { code?: string }).code === 'AlreadyExists';
    });
  });

  it('says Conflict of a patch to another version of the object', async () => {
    await kubernetes.create(configMaps, configMap('moved'));
    const stale = { metadata: { resourceVersion: '1' }, data: { a: 'b' } };
    await assert.rejects(kubernetes.mergePatch(configMaps, { namespace, name: 'moved' }, stale), {
      code: 'Conflict',
      status: 409,
    });
  });

  it('says InvalidItem of an object that the server finds wrong, without a value in the message', async () => {
    const wrong = { ...configMap('Not_A_Name'), data: { key: 'hunter2' } };
    await assert.rejects(kubernetes.create(configMaps, wrong), (error: Error & { code?: string; status?: number }) => {
      assert.deepEqual([error.code, error.status], ['InvalidItem', 422]);
      return !error.message.includes('hunter2');
    });
  });

  it('says NotFound of a namespace that is not there', async () => {
    const nowhere = configMap('lost', { namespace: 'no-such-namespace' });
    await assert.rejects(kubernetes.create(configMaps, nowhere), { code: 'NotFound' });
  });

  it('reads names that need encoding', async () => {
    const role = await kubernetes.get(resourceOf('clusterroles'), {
      name: 'system:controller:job-controller',
    });
    assert.equal(role.metadata.name, 'system:controller:job-controller');
    await assert.rejects(kubernetes.get(configMaps, { namespace, name: 'a/b?c#d' }), { status: 404 });
  });

  it('says Interrupted when the signal is aborted', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(kubernetes.get(configMaps, { namespace, name: 'any' }, { signal }), {
      code: 'Interrupted',
    });
    await assert.rejects(kubernetes.listPage(configMaps, { signal }), { code: 'Interrupted' });
  });

  /** A definition is served a moment after its creation: asks until it is, as often as mocha's timeout allows. */
  async function served(groupResource: string): Promise<ApiResource> {
    for (;;) {
      const resource = (await kubernetes.discover({ refresh: true })).find(groupResource);
      if (resource) return resource;
    }
  }

  async function createWhenServed(resource: ApiResource, object: Unstructured): Promise<void> {
    for (;;) {
      try {
        await kubernetes.create(resource, object);
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== 'NotFound') throw error;
      }
    }
  }
});
