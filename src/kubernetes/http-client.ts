import type { ApiResource } from '../api/api-resource.ts';
import { parseJson } from '../api/json.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { KubernetesClient, ListOptions, ListPage, ObjectRef, ServerVersion } from './client.ts';
import { readDiscovery } from './discovery-document.ts';
import type { Discovery } from './discovery.ts';
import { openTransport, type ConnectOptions } from './transport.ts';

const itemsPerPage = 500;

/** About how long a page is to be: pages are in memory as a whole, and some kinds of objects are a hundred times larger than others. */
const charactersPerPage = 16 * 1024 * 1024;

/** Connects to a cluster by a kubeconfig. Nothing is sent yet. Rejects with `InvalidConfig`. */
export async function connect(options: ConnectOptions = {}): Promise<KubernetesClient> {
  const transport = await openTransport(options);
  let discovery: Promise<Discovery> | undefined;

  async function listText(resource: ApiResource, list: ListOptions): Promise<string> {
    const query = new URLSearchParams({ limit: String(list.limit ?? itemsPerPage) });
    if (list.labelSelector) query.set('labelSelector', list.labelSelector);
    if (list.continueToken !== undefined) query.set('continue', list.continueToken);
    if (list.resourceVersion !== undefined) query.set('resourceVersion', list.resourceVersion);
    const path = `${collectionPath(resource, list.namespace)}?${query.toString()}`;
    const tried = describe('list', resource, list.namespace);
    return transport.send({ method: 'GET', path, tried, signal: list.signal });
  }

  async function* pagesFrom(first: Promise<string>, resource: ApiResource, list: ListOptions): AsyncIterable<ListPage> {
    for (let next: Promise<string> | undefined = first; next !== undefined;) {
      const text = await next;
      const page = pageOf(text, resource);
      const { continueToken, items } = page;
      const limit = fittingLimit(list.limit ?? itemsPerPage, text.length / Math.max(items.length, 1));
      next = continueToken === undefined ? undefined : ahead(listText(resource, { ...list, limit, continueToken }));
      yield page;
    }
  }

  return {
    async discover({ refresh = false, signal } = {}) {
      if (discovery === undefined || refresh) {
        const reading = readDiscovery((path, accept) =>
          transport.send({ method: 'GET', path, accept, tried: `discover ${path}`, signal }),
        );
        discovery = reading;
        reading.catch(() => {
          if (discovery === reading) discovery = undefined;
        });
      }
      return discovery;
    },

    async version(signal) {
      return JSON.parse(
        await transport.send({ method: 'GET', path: '/version', tried: 'get version', signal }),
      ) as ServerVersion;
    },

    async listPage(resource, list = {}) {
      return pageOf(await listText(resource, list), resource);
    },

    listPages(resource, list = {}) {
      return pagesFrom(ahead(listText(resource, list)), resource, list);
    },

    async get(resource, ref, { signal } = {}) {
      const tried = describe('get', resource, ref.namespace, ref.name);
      return parseItem(await transport.send({ method: 'GET', path: objectPath(resource, ref), tried, signal }));
    },

    async create(resource, object, { signal, dryRun } = {}) {
      const { namespace, name } = object.metadata;
      return parseItem(
        await transport.send({
          method: 'POST',
          path: collectionPath(resource, namespace) + dryRunQuery(dryRun),
          body: JSON.stringify(object),
          tried: describe('create', resource, namespace, name),
          signal,
        }),
      );
    },

    async mergePatch(resource, ref, patch, { signal, dryRun } = {}) {
      return parseItem(
        await transport.send({
          method: 'PATCH',
          path: objectPath(resource, ref) + dryRunQuery(dryRun),
          body: JSON.stringify(patch),
          contentType: 'application/merge-patch+json',
          tried: describe('patch', resource, ref.namespace, ref.name),
          signal,
        }),
      );
    },

    async replaceStatus(resource, object, { signal } = {}) {
      const { namespace, name } = object.metadata;
      return parseItem(
        await transport.send({
          method: 'PUT',
          path: `${objectPath(resource, object.metadata)}/status`,
          body: JSON.stringify(object),
          tried: describe('replace status of', resource, namespace, name),
          signal,
        }),
      );
    },

    async delete(resource, ref, { signal } = {}) {
      const tried = describe('delete', resource, ref.namespace, ref.name);
      try {
        await transport.send({ method: 'DELETE', path: objectPath(resource, ref), tried, signal });
      } catch (error) {
        if ((error as { code?: string }).code !== 'NotFound') throw error;
      }
    },

    async exec(pod, { container, command, timeoutMs, signal }) {
      const { namespace = '', name } = pod;
      const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' });
      for (const word of command) query.append('command', word);
      const at = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
      return transport.exec({
        path: `${at}/exec?${query.toString()}`,
        tried: `exec in pods ${namespace}/${name}`,
        timeoutMs,
        signal,
      });
    },

    close: () => transport.close(),
  };
}

interface ListAnswer {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly continue?: string; readonly remainingItemCount?: number };
  readonly items?: readonly Unstructured[] | null;
}

/** Lists leave `apiVersion` and `kind` out of each item; they come first, as in an object that was read alone. */
function pageOf(text: string, { kind }: ApiResource): ListPage {
  const { apiVersion, metadata, items } = parseJson(text) as unknown as ListAnswer;
  return {
    items: (items ?? []).map((item) => ({ apiVersion, kind, ...(item as Partial<Unstructured>) }) as Unstructured),
    ...(metadata?.continue && { continueToken: metadata.continue }),
    ...(metadata?.remainingItemCount !== undefined && { remaining: metadata.remainingItemCount }),
  };
}

/** How many items the next page may have, when those of this one had so many characters each. */
function fittingLimit(limit: number, charactersPerItem: number): number {
  return Math.max(1, Math.min(limit, Math.floor(charactersPerPage / charactersPerItem)));
}

/** An answer that is asked for before it is needed: a consumer may stop, or fail, while it is under way. */
function ahead<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}

function parseItem(text: string): Unstructured {
  return parseJson(text) as unknown as Unstructured;
}

function collectionPath({ apiVersion, plural, namespaced }: ApiResource, namespace: string | undefined): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${plural}`;
}

function objectPath(resource: ApiResource, { namespace, name }: ObjectRef): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

function dryRunQuery(dryRun = false): string {
  return dryRun ? '?dryRun=All' : '';
}

function describe(verb: string, { groupResource }: ApiResource, ...name: (string | undefined)[]): string {
  return [verb, groupResource, name.filter(Boolean).join('/')].filter(Boolean).join(' ');
}
