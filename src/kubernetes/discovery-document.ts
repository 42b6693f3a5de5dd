import type { ApiResource } from '../api/api-resource.ts';
import { errorCode, errorText } from '../api/errors.ts';
import { groupResourceOf } from '../api/unstructured.ts';
import type { Discovery } from './discovery.ts';

/** Fetches a path of the API server, with the content types that are accepted. */
export type Fetch = (path: string, accept: string) => Promise<string>;

const aggregated =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';
const plain = 'application/json';

/** One version of a group, with what it serves. */
interface GroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly ApiResource[];
}

interface Found {
  /** In the server's order; of each group the preferred version first. */
  readonly versions: readonly GroupVersion[];
  readonly failures: readonly { readonly group: string; readonly reason: string }[];
}

/** Reads what the cluster serves: in two calls where the server aggregates, else in one per group and version. */
export async function readDiscovery(fetch: Fetch): Promise<Discovery> {
  const found = await Promise.all(['/api', '/apis'].map((root) => readRoot(fetch, root)));
  const versions = found.flatMap((part) => part.versions);
  return discoveryOf({ versions: extensionsLast(versions), failures: found.flatMap((part) => part.failures) });
}

/** `extensions` holds old names of resources that other groups serve. */
function extensionsLast(versions: readonly GroupVersion[]): GroupVersion[] {
  const isOld = ({ group }: GroupVersion): boolean => group === 'extensions';
  return [...versions.filter((version) => !isOld(version)), ...versions.filter(isOld)];
}

async function readRoot(fetch: Fetch, root: string): Promise<Found> {
  const answer = JSON.parse(await fetch(root, aggregated)) as AggregatedAnswer & RootAnswer;
  return answer.kind === 'APIGroupDiscoveryList' ? readAggregated(answer) : readPlain(fetch, root, answer);
}

interface AggregatedAnswer {
  readonly kind?: string;
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly freshness?: string;
      readonly resources?: readonly AggregatedResource[];
    }[];
  }[];
}

interface AggregatedResource {
  readonly resource: string;
  readonly responseKind?: { readonly group?: string; readonly version?: string; readonly kind?: string };
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource?: string;
  readonly shortNames?: readonly string[];
  readonly verbs?: readonly string[];
}

function readAggregated({ items = [] }: AggregatedAnswer): Found {
  const versions: GroupVersion[] = [];
  const failures: { group: string; reason: string }[] = [];
  for (const { metadata, versions: served = [] } of items) {
    const group = metadata?.name ?? '';
    for (const { version, freshness, resources = [] } of served) {
      if (freshness === 'Stale') failures.push({ group: `${group}/${version}`, reason: 'its server does not answer' });
      else
        versions.push({
          group,
          version,
          resources: resources.map((resource) => fromAggregated(resource, { group, version })),
        });
    }
  }
  return { versions, failures };
}

function fromAggregated(resource: AggregatedResource, at: { group: string; version: string }): ApiResource {
  return apiResource(at, {
    plural: resource.resource,
    singular: resource.singularResource ?? '',
    kind: resource.responseKind?.kind ?? '',
    namespaced: resource.scope === 'Namespaced',
    shortNames: resource.shortNames ?? [],
    verbs: resource.verbs ?? [],
  });
}

interface RootAnswer {
  readonly versions?: readonly string[];
  readonly groups?: readonly {
    readonly name: string;
    readonly versions: readonly { readonly version: string }[];
    readonly preferredVersion?: { readonly version: string };
  }[];
}

interface ResourceListAnswer {
  readonly resources?: readonly {
    readonly name: string;
    readonly singularName?: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly shortNames?: readonly string[];
    readonly verbs?: readonly string[];
  }[];
}

async function readPlain(fetch: Fetch, root: string, { versions = [], groups = [] }: RootAnswer): Promise<Found> {
  const wanted =
    root === '/api'
      ? versions.map((version) => ({ group: '', version }))
      : groups.flatMap(({ name: group, versions: served, preferredVersion }) => {
          const names = served.map(({ version }) => version);
          const first = preferredVersion?.version;
          const ordered = first === undefined ? names : [first, ...names.filter((name) => name !== first)];
          return ordered.map((version) => ({ group, version }));
        });
  const failures: { group: string; reason: string }[] = [];
  const read = await Promise.all(
    wanted.map(async (at): Promise<GroupVersion[]> => {
      const path = at.group === '' ? `/api/${at.version}` : `/apis/${at.group}/${at.version}`;
      try {
        const { resources = [] } = JSON.parse(await fetch(path, plain)) as ResourceListAnswer;
        return [
          {
            ...at,
            resources: resources.filter(({ name }) => !name.includes('/')).map((resource) => fromPlain(resource, at)),
          },
        ];
      } catch (error) {
        if (errorCode(error) === 'Interrupted') throw error;
        failures.push({ group: `${at.group}/${at.version}`, reason: errorText(error) });
        return [];
      }
    }),
  );
  return { versions: read.flat(), failures };
}

function fromPlain(
  resource: NonNullable<ResourceListAnswer['resources']>[number],
  at: { group: string; version: string },
): ApiResource {
  return apiResource(at, {
    plural: resource.name,
    singular: resource.singularName ?? '',
    kind: resource.kind,
    namespaced: resource.namespaced,
    shortNames: resource.shortNames ?? [],
    verbs: resource.verbs ?? [],
  });
}

type Described = Omit<ApiResource, 'group' | 'version' | 'apiVersion' | 'groupResource'>;

function apiResource({ group, version }: { group: string; version: string }, described: Described): ApiResource {
  const singular = described.singular || described.kind.toLowerCase();
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return {
    ...described,
    singular,
    group,
    version,
    apiVersion,
    groupResource: groupResourceOf(described.plural, group),
  };
}

function discoveryOf({ versions, failures }: Found): Discovery {
  const all = versions.flatMap(({ resources }) => resources);
  const preferred = new Map<string, ApiResource>();
  for (const resource of all)
    if (!preferred.has(resource.groupResource)) preferred.set(resource.groupResource, resource);
  const kinds = new Map(all.map((resource) => [`${resource.apiVersion} ${resource.kind}`, resource]));
  const names = [...preferred.values()];
  return {
    preferred: names,
    all,
    failures,
    find: (groupResource) => preferred.get(groupResource),
    findKind: (apiVersion, kind) => kinds.get(`${apiVersion} ${kind}`),
    resolve: (name) => resolve(names, name.toLowerCase()),
  };
}

/** Plurals before singulars before short names, as kubectl prefers them. */
function resolve(resources: readonly ApiResource[], name: string): ApiResource | undefined {
  const dot = name.indexOf('.');
  const [word, group] = dot < 0 ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1)];
  const inGroup = resources.filter(
    (resource) => group === undefined || resource.group === group || resource.group.startsWith(`${group}.`),
  );
  return (
    inGroup.find(({ plural }) => plural === word) ??
    inGroup.find(({ singular }) => singular === word) ??
    inGroup.find(({ shortNames }) => shortNames.includes(word))
  );
}
