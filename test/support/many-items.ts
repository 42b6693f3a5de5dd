import type { ApiResource } from '../../src/api/api-resource.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { ListOptions, ListPage } from '../../src/kubernetes/client.ts';
import { ClusterInMemory } from './cluster-in-memory.ts';
import { object } from './objects.ts';

/** Of each namespace. */
const perNamespace: Readonly<Record<string, { kind: string; items: number }>> = {
  pods: { kind: 'v1 Pod', items: 100 },
  configmaps: { kind: 'v1 ConfigMap', items: 500 },
  secrets: { kind: 'v1 Secret', items: 300 },
  'deployments.apps': { kind: 'apps/v1 Deployment', items: 100 },
};

/** A cluster with namespaces of 1,000 items each, which are made as they are listed. */
export class ManyItems extends ClusterInMemory {
  readonly namespaces: readonly string[];

  constructor(namespaces: number) {
    super();
    this.namespaces = Array.from({ length: namespaces }, (_, index) => `team-${String(index).padStart(3, '0')}`);
    this.hold(...this.namespaces.map((name) => object('v1 Namespace', name)));
  }

  override async listPage(resource: ApiResource, options: ListOptions = {}): Promise<ListPage> {
    const type = perNamespace[resource.groupResource];
    if (type === undefined) return super.listPage(resource, options);
    const { kind, items } = type;
    const from = Number(options.continueToken ?? 0);
    const total = this.namespaces.length * items;
    const to = Math.min(from + this.itemsPerPage, total);
    const page = Array.from({ length: to - from }, (_, at) => this.#item(kind, { at: from + at, items }));
    return { items: page, ...(to < total && { continueToken: String(to), remaining: total - to }) };
  }

  #item(kind: string, { at, items }: { at: number; items: number }): Unstructured {
    const namespace = this.namespaces[Math.floor(at / items)]!;
    const name = `item-${String(at % items).padStart(5, '0')}`;
    // Every item is another, so that none compresses to nothing.
    const uid = (at * 2_654_435_761).toString(16).padStart(16, '0').repeat(2);
    return object(kind, `${namespace}/${name}`, { metadata: { uid, labels: { app: `a${at % 7}` } }, data: { uid } });
  }
}
