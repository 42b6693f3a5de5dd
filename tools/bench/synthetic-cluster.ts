// An API server that stands for a cluster too large to create: it pages lists of synthetic objects, and takes what is created
// without keeping it. Arguments: items, seed. Sends a `SyntheticCluster`.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mixture, namespaceNames } from './mixture.ts';
import { discoveryOf, namespaceOf, SyntheticList, type ServedKind } from './synthetic-list.ts';

/** Where it listens. */
export interface SyntheticCluster {
  readonly url: string;
  /** Items that a backup of it holds. */
  readonly items: number;
}

/** Objects that the others are copies of, by another name. */
const templates = 2_000;

const served: Readonly<Record<string, ServedKind>> = {
  Namespace: { group: '', version: 'v1', plural: 'namespaces', namespaced: false },
  Pod: { group: '', version: 'v1', plural: 'pods', namespaced: true },
  ConfigMap: { group: '', version: 'v1', plural: 'configmaps', namespaced: true },
  Secret: { group: '', version: 'v1', plural: 'secrets', namespaced: true },
  ServiceAccount: { group: '', version: 'v1', plural: 'serviceaccounts', namespaced: true },
  Service: { group: '', version: 'v1', plural: 'services', namespaced: true },
  Deployment: { group: 'apps', version: 'v1', plural: 'deployments', namespaced: true },
  CronJob: { group: 'batch', version: 'v1', plural: 'cronjobs', namespaced: true },
  NetworkPolicy: { group: 'networking.k8s.io', version: 'v1', plural: 'networkpolicies', namespaced: true },
  Role: { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'roles', namespaced: true },
  RoleBinding: { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'rolebindings', namespaced: true },
};

const [items = 0, seed = 1] = process.argv.slice(2).map(Number);
process.once('disconnect', () => process.exit(1));

const lists = makeLists();
const created = new Set<string>();
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void answer(request, response));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const total = [...lists.values()].reduce((sum, { count }) => sum + count, 0);
process.send?.({ url, items: total } satisfies SyntheticCluster);

/** The objects of each kind in proportion to the mixture's. */
function makeLists(): Map<string, SyntheticList> {
  const byKind = Map.groupBy(mixture({ items: templates, seed }), ({ object }) => object.kind);
  const made = [...byKind.values()].reduce((sum, { length }) => sum + length, 0);
  const namespaces = namespaceNames('bench').map(namespaceOf);
  const lists = new Map([['namespaces', new SyntheticList(namespaces, namespaces.length)]]);
  for (const [kind, found] of byKind) {
    const count = Math.round((items * found.length) / made);
    lists.set(
      served[kind]!.plural,
      new SyntheticList(
        found.map(({ object }) => object),
        count,
      ),
    );
  }
  return lists;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', url);
  if (request.method !== 'GET') return take(request, response, pathname);
  if (pathname === '/version') return send(response, 200, '{"gitVersion":"v1.36.3","major":"1","minor":"36"}');
  if (pathname === '/api' || pathname === '/apis') {
    const kinds = Object.entries(served).filter(([, { group }]) => (group === '') === (pathname === '/api'));
    return send(response, 200, discoveryOf(kinds));
  }
  const { namespace, plural, name } = placeOf(pathname);
  const list = lists.get(plural);
  if (list === undefined) return notFound(response);
  if (name !== undefined) {
    const found = plural === 'namespaces' && (created.has(name) || name.startsWith('bench-'));
    return found ? send(response, 200, JSON.stringify(namespaceOf(name))) : notFound(response);
  }
  // Nothing here is labelled as the configuration of an action.
  const selected = searchParams.has('labelSelector') ? new SyntheticList([], 0) : list;
  const limit = Number(searchParams.get('limit') ?? selected.count);
  return send(response, 200, selected.page({ from: Number(searchParams.get('continue') ?? 0), limit, namespace }));
}

/** Answers with what was sent. */
async function take(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (request.method === 'POST' && pathname === '/api/v1/namespaces')
    created.add((JSON.parse(body.toString()) as { metadata: { name: string } }).metadata.name);
  send(response, request.method === 'POST' ? 201 : 200, body.length > 0 ? body : '{}');
}

/** `/api/v1/namespaces/n/pods/p`, `/apis/apps/v1/deployments` and their like. */
function placeOf(pathname: string): { namespace?: string; plural: string; name?: string } {
  const parts = pathname.split('/').slice(pathname.startsWith('/apis/') ? 4 : 3);
  const [namespaces, namespace, ...rest] = parts;
  if (namespaces === 'namespaces' && rest.length > 0) return placeIn(rest, { namespace: namespace! });
  return placeIn(parts, {});
}

function placeIn([plural = '', name]: readonly string[], at: { namespace?: string }) {
  return { ...at, plural, ...(name !== undefined && { name }) };
}

function send(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function notFound(response: ServerResponse): void {
  const status = { kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404, message: 'not found' };
  send(response, 404, JSON.stringify(status));
}
