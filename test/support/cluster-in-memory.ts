import type { ApiResource } from '../../src/api/api-resource.ts';
import { errorCode, type BowlineError } from '../../src/api/errors.ts';
import { cloneJson } from '../../src/api/json.ts';
import { itemKey, type Unstructured } from '../../src/api/unstructured.ts';
import { apiError } from '../../src/kubernetes/api-errors.ts';
import type {
  ExecOptions,
  ExecOutcome,
  KubernetesClient,
  ListOptions,
  ListPage,
  ObjectRef,
  ServerVersion,
  WriteOptions,
} from '../../src/kubernetes/client.ts';
import { readDiscovery } from '../../src/kubernetes/discovery-document.ts';
import type { Discovery } from '../../src/kubernetes/discovery.ts';
import { matchesLabels, parseLabelSelector } from '../../src/selection/label-selector.ts';

type Verb = 'get' | 'list' | 'create' | 'patch' | 'replace status' | 'delete';

interface Fault {
  readonly verb: Verb;
  readonly about: string;
  readonly error: BowlineError;
}

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

/** What a cluster serves: by group and version, the plurals with their kinds; those with `*` are not namespaced. */
type Served = Readonly<Record<string, Readonly<Record<string, string>>>>;

const usual: Served = {
  v1: {
    'namespaces*': 'Namespace',
    'nodes*': 'Node',
    'persistentvolumes*': 'PersistentVolume',
    persistentvolumeclaims: 'PersistentVolumeClaim',
    pods: 'Pod',
    services: 'Service',
    serviceaccounts: 'ServiceAccount',
    secrets: 'Secret',
    configmaps: 'ConfigMap',
  },
  'apps/v1': { deployments: 'Deployment' },
  'storage.k8s.io/v1': { 'storageclasses*': 'StorageClass' },
  'apiextensions.k8s.io/v1': { 'customresourcedefinitions*': 'CustomResourceDefinition' },
  'example.com/v1': { widgets: 'Widget' },
};

/**
 * A small API server over a map, for what a real one can't be made to show: pages of any size, expired tokens, faults of any
 * kind. Its refusals are read from the answers that a real one gives.
 */
export class ClusterInMemory implements KubernetesClient {
  readonly objects = new Map<string, Unstructured>();
  /** What has been asked, such as `create pods/shop/web`; lists name the namespace and the page's start. */
  readonly requests: string[] = [];
  itemsPerPage = 500;
  /** What a command in a container comes to. */
  onExec: KubernetesClient['exec'] = async () => ({ ended: 'succeeded', exitCode: 0, stdout: '', stderr: '' });
  readonly #faults: Fault[] = [];
  #served = usual;
  #generation = 0;
  #tellsWhereToGoOn = true;
  #serial = 0;

  /** Puts objects there, without ado. */
  hold(...objects: Unstructured[]): void {
    for (const object of objects) this.objects.set(this.#keyOf(object), this.#stamped(object));
  }

  /** Serves more, after the usual. */
  serve(more: Served): void {
    const known = this.#served;
    const merged = Object.entries(more).map(([version, types]) => [version, { ...known[version], ...types }]);
    this.#served = { ...known, ...(Object.fromEntries(merged) as Served) };
  }

  /** From now on `verb` fails for an item's key (`pods/shop/web`) or a whole group-resource. */
  fail(verb: Verb, about: string, error: BowlineError): void {
    this.#faults.push({ verb, about, error });
  }

  /** All tokens given out so far are refused; the refusal names where to go on, or does not. */
  expireTokens({ tellingWhereToGoOn }: { tellingWhereToGoOn: boolean }): void {
    this.#generation++;
    this.#tellsWhereToGoOn = tellingWhereToGoOn;
  }

  async discover(): Promise<Discovery> {
    return readDiscovery(async (path) => JSON.stringify(discoveryAnswer(this.#served, path)));
  }

  async version(): Promise<ServerVersion> {
    return { gitVersion: 'v1.36.3', major: '1', minor: '36' };
  }

  async listPage(resource: ApiResource, options: ListOptions = {}): Promise<ListPage> {
    const { namespace, labelSelector, continueToken, limit = this.itemsPerPage } = options;
    const from = continueToken === undefined ? '' : this.#startOf(continueToken, resource);
    this.#ask('list', resource, `${namespace ?? ''}/${from}`);
    const selector = parseLabelSelector(labelSelector ?? '');
    const matching = [...this.objects]
      .filter(([key, { metadata }]) => {
        const [groupResource, itemNamespace] = key.split('/');
        const inPlace = namespace === undefined || namespace === itemNamespace;
        return groupResource === resource.groupResource && inPlace && matchesLabels(selector, metadata.labels);
      })
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .filter(([key]) => key > from);
    const page = matching.slice(0, limit);
    const remaining = matching.length - page.length;
    const items = page.map(([, item]) => cloneJson(item));
    if (remaining === 0) return { items };
    const next = `${this.#generation} ${page.at(-1)![0]}`;
    return { items, continueToken: next, ...(labelSelector === undefined && { remaining }) };
  }

  async *listPages(resource: ApiResource, options: ListOptions = {}): AsyncGenerator<ListPage, void, undefined> {
    let next: string | undefined = options.continueToken;
    do {
      const page: ListPage = await this.listPage(resource, {
        ...options,
        ...(next !== undefined && { continueToken: next }),
      });
      yield page;
      next = page.continueToken;
    } while (next !== undefined);
  }

  async get(resource: ApiResource, ref: ObjectRef): Promise<Unstructured> {
    return cloneJson(this.#find('get', resource, ref));
  }

  async create(resource: ApiResource, object: Unstructured, { dryRun }: WriteOptions = {}): Promise<Unstructured> {
    const { namespace = '', name } = object.metadata;
    const key = itemKey({ groupResource: resource.groupResource, namespace, name });
    this.#ask('create', resource, `${namespace}/${name}`);
    if (resource.namespaced && !this.objects.has(`namespaces//${namespace}`))
      throw refusal(`create ${key}`, 404, `namespaces "${namespace}" not found`);
    if (this.#takesNodePort(object))
      throw refusal(`create ${key}`, 422, 'Invalid value: provided port is already allocated');
    if (this.objects.has(key)) throw refusal(`create ${key}`, 409, `"${name}" already exists`);
    const stamped = this.#stamped(object);
    if (!dryRun) this.objects.set(key, stamped);
    return cloneJson(stamped);
  }

  async replaceStatus(resource: ApiResource, object: Unstructured): Promise<Unstructured> {
    const found = this.#find('replace status', resource, object.metadata);
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== found.metadata.resourceVersion)
      throw refusal(`replace status of ${this.#keyOf(found)}`, 409, 'the object has been modified', 'Conflict');
    const replaced = this.#stamped({ ...found, status: object['status'] });
    this.objects.set(this.#keyOf(replaced), replaced);
    return cloneJson(replaced);
  }

  async mergePatch(
    resource: ApiResource,
    ref: ObjectRef,
    patch: object,
    { dryRun }: WriteOptions = {},
  ): Promise<Unstructured> {
    const found = this.#find('patch', resource, ref);
    const patched = this.#stamped(applyMergePatch(found, JSON.parse(JSON.stringify(patch))) as Unstructured);
    if (!dryRun) this.objects.set(this.#keyOf(patched), patched);
    return cloneJson(patched);
  }

  async delete(resource: ApiResource, ref: ObjectRef): Promise<void> {
    try {
      this.objects.delete(this.#keyOf(this.#find('delete', resource, ref)));
    } catch (error) {
      if (errorCode(error) !== 'NotFound') throw error;
    }
  }

  async exec(pod: ObjectRef, options: ExecOptions): Promise<ExecOutcome> {
    const { namespace = '', name } = pod;
    this.requests.push(`exec pods/${namespace}/${name} ${options.container}`);
    return this.onExec(pod, options);
  }

  async close(): Promise<void> {}

  #find(verb: Verb, resource: ApiResource, { namespace = '', name }: ObjectRef): Unstructured {
    this.#ask(verb, resource, `${namespace}/${name}`);
    const key = itemKey({ groupResource: resource.groupResource, namespace, name });
    const found = this.objects.get(key);
    if (found === undefined) throw refusal(`${verb} ${key}`, 404, `"${name}" not found`);
    return found;
  }

  #ask(verb: Verb, { groupResource }: ApiResource, what: string): void {
    const request = `${groupResource}/${what}`;
    this.requests.push(`${verb} ${request}`);
    const fault = this.#faults.find((one) => one.verb === verb && [groupResource, request].includes(one.about));
    if (fault) throw fault.error;
  }

  #startOf(continueToken: string, { groupResource }: ApiResource): string {
    const generation = continueToken.split(' ', 1)[0]!;
    const start = continueToken.slice(generation.length + 1);
    if (Number(generation) === this.#generation) return start;
    this.requests.push(`list ${groupResource} with an expired token`);
    throw apiError(`list ${groupResource}`, {
      status: 410,
      body: JSON.stringify({
        reason: 'Expired',
        ...(this.#tellsWhereToGoOn && { metadata: { continue: `${this.#generation} ${start}` } }),
      }),
    });
  }

  /** Services ask for a port before their name is looked at. */
  #takesNodePort(object: Unstructured): boolean {
    const taken = [...this.objects].filter(([key]) => key.startsWith('services/')).flatMap(([, one]) => nodePorts(one));
    return object.kind === 'Service' && nodePorts(object).some((port) => taken.includes(port));
  }

  #keyOf({ apiVersion, kind, metadata }: Unstructured): string {
    const [plural] = Object.entries(this.#served[apiVersion] ?? {}).find(([, known]) => known === kind) ?? [];
    if (plural === undefined) throw new Error(`the cluster serves no ${apiVersion} ${kind}`);
    const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
    const groupResource = `${plural.replace('*', '')}${group === '' ? '' : `.${group}`}`;
    return itemKey({ groupResource, namespace: metadata.namespace ?? '', name: metadata.name });
  }

  #stamped(object: Unstructured): Unstructured {
    const copy = cloneJson(object);
    this.#serial++;
    copy.metadata.uid ??= `uid-${this.#serial}`;
    copy.metadata.resourceVersion = String(this.#serial);
    copy.metadata['creationTimestamp'] ??= '2026-01-01T00:00:00Z';
    return copy;
  }
}

const reasons = { 404: 'NotFound', 409: 'AlreadyExists', 422: 'Invalid' } as const;

/** An API server's refusal, as the client reads it. */
function refusal(
  tried: string,
  status: 404 | 409 | 422,
  message: string,
  reason: string = reasons[status],
): BowlineError {
  return apiError(tried, { status, body: JSON.stringify({ reason, message }) });
}

function nodePorts({ spec }: Unstructured): number[] {
  const { ports = [] } = (spec ?? {}) as { ports?: { nodePort?: number }[] };
  return ports.flatMap(({ nodePort }) => nodePort ?? []);
}

function discoveryAnswer(served: Served, path: string): object {
  const versions = Object.keys(served);
  if (path === '/api') return { versions: ['v1'] };
  if (path === '/apis')
    return {
      groups: versions
        .filter((apiVersion) => apiVersion.includes('/'))
        .map((apiVersion) => apiVersion.split('/'))
        .map(([name, version]) => ({ name, versions: [{ version }] })),
    };
  const resources = Object.entries(served[path.replace(/^\/apis?\//, '')] ?? {});
  return {
    resources: resources.map(([plural, kind]) => ({
      name: plural.replace('*', ''),
      singularName: kind.toLowerCase(),
      kind,
      namespaced: !plural.endsWith('*'),
      verbs,
    })),
  };
}

/** Source: RFC 7386. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result = new Map<string, unknown>(isObject ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, applyMergePatch(result.get(key), value));
  }
  return Object.fromEntries(result);
}
