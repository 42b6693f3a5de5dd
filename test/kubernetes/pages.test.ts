import assert from 'node:assert/strict';
import type { ApiResource } from '../../src/api/api-resource.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import { startAnsweringServer, type AnsweringServer } from './answering-server.ts';
import { writeKubeconfig, type KubeconfigFile } from './kubeconfig-file.ts';

const configMaps: ApiResource = {
  groupResource: 'configmaps',
  group: '',
  version: 'v1',
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  namespaced: true,
  shortNames: [],
  verbs: ['list'],
};

/** A page of so many items of so many characters. */
function page(count: number, characters: number, more: boolean): string {
  const item = { metadata: { name: 'a', namespace: 'shop' }, data: { text: 'x'.repeat(characters) } };
  const metadata = more ? { continue: 'next' } : {};
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', metadata, items: Array.from({ length: count }, () => item) });
}

describe('pages of a list', () => {
  let server: AnsweringServer;
  let kubeconfig: KubeconfigFile;
  let kubernetes: KubernetesClient;

  /** Resolves when so many pages have been asked for. */
  let asked: PromiseWithResolvers<void>[];

  async function serve(...pages: readonly string[]): Promise<void> {
    asked = pages.map(() => Promise.withResolvers<void>());
    server = await startAnsweringServer((_request, count) => {
      asked[count - 1]!.resolve();
      return { text: pages[count - 1]! };
    });
    kubeconfig = await writeKubeconfig(server.url);
    kubernetes = await connect({ kubeconfig: kubeconfig.path });
  }

  const limits = (): (string | null)[] =>
    server.received.map(({ url }) => new URL(url, 'http://server').searchParams.get('limit'));

  afterEach(async () => {
    await kubernetes.close();
    await server.close();
    await kubeconfig.remove();
  });

  it('hold 500 items, as long as these are of a usual size', async () => {
    await serve(page(2, 30_000, true), page(0, 0, true), page(1, 1, false));
    for await (const { items } of kubernetes.listPages(configMaps)) void items;
    assert.deepEqual(limits(), ['500', '500', '500']);
  });

  it('hold fewer after a page whose items are large, and as many as before when they are not', async () => {
    await serve(page(4, 1_000_000, true), page(2, 20_000_000, true), page(1, 10, true), page(1, 1, false));
    for await (const { items } of kubernetes.listPages(configMaps, { limit: 50 })) void items;
    assert.deepEqual(limits(), ['50', '16', '1', '50']);
  });

  it('are asked for at once, and the next one while one is worked on', async () => {
    await serve(page(1, 1, true), page(1, 1, false));
    const pages = kubernetes.listPages(configMaps)[Symbol.asyncIterator]();
    await asked[0]!.promise;
    await pages.next();
    await asked[1]!.promise;
    assert.equal((await pages.next()).value?.items.length, 1);
  });
});
