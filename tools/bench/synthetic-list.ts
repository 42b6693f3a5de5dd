import { createHash } from 'node:crypto';
import type { Unstructured } from '../../src/api/unstructured.ts';

/** A resource type that a synthetic cluster serves. */
export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The part of a list that is asked for. */
export interface PageRequest {
  /** Index of its first object: what stands for a continue token. */
  readonly from: number;
  /** Objects at the most. */
  readonly limit: number;
  /** Only the objects in it; all on one page. Default: those of every namespace. */
  readonly namespace?: string | undefined;
}

interface Template {
  readonly namespace: string | undefined;
  readonly prefix: string;
  /** Its text, cut wherever it says its name. */
  readonly parts: readonly string[];
}

/** The objects of one namespace: copies of its templates in turn. */
interface Block {
  /** Index of its first object in the list. */
  readonly from: number;
  readonly namespace: string | undefined;
  readonly templates: readonly Template[];
}

/**
 * So many objects of one kind: copies of some templates, each by a name of its own, namespace after namespace as an API server lists
 * them. Nothing of them is kept in memory.
 */
export class SyntheticList {
  readonly count: number;
  /** Of all objects, which do not tell it themselves. */
  readonly #type: Pick<Unstructured, 'apiVersion' | 'kind'>;
  readonly #blocks: readonly Block[];

  constructor(objects: readonly Unstructured[], count: number) {
    this.count = count;
    const [first] = objects;
    this.#type = { apiVersion: first?.apiVersion ?? 'v1', kind: first?.kind ?? '' };
    const byNamespace = [...Map.groupBy(objects.map(templateOf), ({ namespace }) => namespace)];
    byNamespace.sort(([a = ''], [b = '']) => (a < b ? -1 : Number(a > b)));
    let before = 0;
    this.#blocks = byNamespace.map(([namespace, templates]) => {
      const from = Math.round((count * before) / objects.length);
      before += templates.length;
      return { from, namespace, templates };
    });
  }

  /** A page, as an API server answers it. */
  page({ from, limit, namespace }: PageRequest): string {
    const until = namespace === undefined ? Math.min(from + limit, this.count) : this.count;
    const texts: string[] = [];
    for (let index = from; index < until; index++) {
      if (namespace === undefined || this.#block(index).namespace === namespace) texts.push(this.text(index));
    }
    const more = until < this.count ? `"continue":"${until}","remainingItemCount":${this.count - until},` : '';
    const { apiVersion, kind } = this.#type;
    return `{"kind":"${kind}List","apiVersion":"${apiVersion}","metadata":{${more}"resourceVersion":"1"},"items":[${texts.join(',')}]}`;
  }

  /** One object's text. */
  text(index: number): string {
    const { from, templates } = this.#block(index);
    const place = index - from;
    const { parts, prefix } = templates[place % templates.length]!;
    return parts.join(place < templates.length ? prefix : `${prefix}-${index}`);
  }

  #block(index: number): Block {
    return this.#blocks.findLast(({ from }) => from <= index)!;
  }
}

/** A namespace by this name. */
export function namespaceOf(name: string): Unstructured {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** An aggregated discovery document. */
export function discoveryOf(kinds: readonly (readonly [string, ServedKind])[]): string {
  const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
  const items = [...Map.groupBy(kinds, ([, { group }]) => group)].map(([name, inGroup]) => ({
    metadata: { name },
    versions: [
      {
        version: inGroup[0]![1].version,
        freshness: 'Current',
        resources: inGroup.map(([kind, { group, version, plural, namespaced }]) => ({
          resource: plural,
          responseKind: { group, version, kind },
          scope: namespaced ? 'Namespaced' : 'Cluster',
          singularResource: kind.toLowerCase(),
          verbs,
        })),
      },
    ],
  }));
  return JSON.stringify({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items });
}

/** What a server would have made of the object. */
function templateOf(object: Unstructured): Template {
  const { apiVersion, kind, ...content } = object;
  const { name, namespace } = object.metadata;
  const digest = createHash('sha256').update(`${kind} ${name}`).digest('hex');
  const { metadata: given, ...rest } = content;
  const metadata = {
    ...given,
    uid: `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-a${digest.slice(17, 20)}-${digest.slice(20, 32)}`,
    resourceVersion: String(Number.parseInt(digest.slice(0, 6), 16)),
    creationTimestamp: '2026-01-01T00:00:00Z',
    managedFields: [
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion,
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: fieldsOf({ ...rest, metadata: { labels: given.labels, annotations: given.annotations } }),
      },
    ],
  };
  return { namespace, prefix: name, parts: JSON.stringify({ metadata, ...rest }).split(name) };
}

/** The names of fields, as `managedFields` tell them. */
function fieldsOf(value: unknown): object {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [`f:${name}`, fieldsOf(field)]));
}
