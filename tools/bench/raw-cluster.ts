import { readFile } from 'node:fs/promises';
import { Pool } from 'undici';
import { parse } from 'yaml';

/** A cluster spoken to with nothing in between, for floors. */
export interface RawCluster {
  get(path: string, accept?: string): Promise<string>;
  /** Creates an object; one that is there already is fine. */
  post(path: string, body: string): Promise<void>;
}

interface LocalKubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data'?: string } },
  ];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

/** Connects by a kubeconfig of the local stack. */
export async function connectRaw(kubeconfig: string, connections: number): Promise<RawCluster> {
  const { clusters, users } = parse(await readFile(kubeconfig, 'utf8')) as LocalKubeconfig;
  const { server, 'certificate-authority-data': ca = '' } = clusters[0].cluster;
  const pool = new Pool(server, { connections, connect: { ca: Buffer.from(ca, 'base64') } });
  const authorization = `Bearer ${users[0].user.token}`;
  return {
    async get(path, accept = 'application/json') {
      const { statusCode, body } = await pool.request({ method: 'GET', path, headers: { authorization, accept } });
      const text = await body.text();
      if (statusCode === 200) return text;
      throw new Error(`get ${path}: ${statusCode} ${text}`);
    },
    async post(path, body) {
      const headers = { authorization, 'content-type': 'application/json' };
      const answer = await pool.request({ method: 'POST', path, headers, body });
      const text = await answer.body.text();
      if (answer.statusCode !== 201 && answer.statusCode !== 409)
        throw new Error(`post ${path}: ${answer.statusCode} ${text}`);
    },
  };
}

/** A resource type that can be listed. */
export interface ListedResource {
  readonly groupResource: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** Path of its list in the whole cluster. */
  readonly path: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

interface DiscoveryAnswer {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind: { readonly kind: string };
        readonly scope: string;
        readonly verbs: readonly string[];
      }[];
    }[];
  }[];
}

const neededVerbs = ['list', 'create', 'get', 'delete'];

/** What a backup lists: the preferred version of everything that can be listed, created, read and deleted. */
export async function discoverRaw(cluster: RawCluster): Promise<ListedResource[]> {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const answers = await Promise.all(['/api', '/apis'].map((path) => cluster.get(path, accept)));
  const found = new Map<string, ListedResource>();
  for (const { metadata, versions } of answers.flatMap((text) => (JSON.parse(text) as DiscoveryAnswer).items)) {
    const group = metadata?.name ?? '';
    for (const { version, resources = [] } of versions) {
      const apiVersion = group === '' ? version : `${group}/${version}`;
      for (const { resource: plural, responseKind, scope, verbs } of resources) {
        const groupResource = group === '' ? plural : `${plural}.${group}`;
        if (found.has(groupResource) || !neededVerbs.every((verb) => verbs.includes(verb))) continue;
        // Events of the core group, by another name.
        if (groupResource === 'events.events.k8s.io') continue;
        const path = `/${group === '' ? 'api' : 'apis'}/${apiVersion}/${plural}`;
        const namespaced = scope === 'Namespaced';
        found.set(groupResource, { groupResource, apiVersion, kind: responseKind.kind, path, plural, namespaced });
      }
    }
  }
  return [...found.values()];
}

/** An object as a list holds it. */
export interface RawItem {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** The pages of one list, parsed. */
export async function* pagesRaw(cluster: RawCluster, { path }: ListedResource): AsyncGenerator<readonly RawItem[]> {
  for (let token: string | undefined = ''; token !== undefined;) {
    const text = await cluster.get(`${path}?limit=500${token && `&continue=${encodeURIComponent(token)}`}`);
    const page = JSON.parse(text) as { metadata?: { continue?: string }; items: RawItem[] | null };
    yield page.items ?? [];
    token = page.metadata?.continue || undefined;
  }
}
