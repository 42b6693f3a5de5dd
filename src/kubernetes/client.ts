import type { ApiResource } from '../api/api-resource.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { Discovery } from './discovery.ts';

/**
 * One cluster, raw JSON in and out. Numbers keep every digit (`parseJson`). Calls may run concurrently over kept-alive
 * connections.
 *
 * A call that meets 429, a 5xx or a broken connection is repeated up to 5 times, backing off, `Retry-After` honoured; a
 * `create` too, so its caller must know its own object when `AlreadyExists` comes back. What remains is a `BowlineError`:
 * 404 `NotFound`, 409 `AlreadyExists` or `Conflict` by the answer's reason, 401 and 403 `AccessDenied`, 400, 413 and 422
 * `InvalidItem`, 405 and 415 `Unsupported`, 410 `Expired` (with `continueToken` where the answer has one), 429 `Throttled`,
 * 5xx `Unavailable`; no answer at all is `Unavailable` without a `status`, an aborted signal `Interrupted`. `message` names
 * verb, resource and object; the server's own words are in `detail` only.
 */
export interface KubernetesClient {
  /** What the cluster serves; remembered until `refresh` asks anew. */
  discover(options?: { readonly refresh?: boolean; readonly signal?: AbortSignal }): Promise<Discovery>;

  /** The server's version, `{ gitVersion, major, minor }`. */
  version(signal?: AbortSignal): Promise<ServerVersion>;

  /** One page of a list. */
  listPage(resource: ApiResource, options?: ListOptions): Promise<ListPage>;

  /**
   * All pages, to be iterated once. The first one is asked for at once, each other while its forerunner is worked on. What is
   * fetched ahead waits as text, and becomes objects when it is reached.
   */
  listPages(resource: ApiResource, options?: ListOptions): AsyncIterable<ListPage>;

  get(resource: ApiResource, ref: ObjectRef, options?: CallOptions): Promise<Unstructured>;

  /** Creates the object in its own `metadata.namespace`. Resolves with the server's answer. */
  create(resource: ApiResource, object: Unstructured, options?: WriteOptions): Promise<Unstructured>;

  /** Applies a JSON merge patch. */
  mergePatch(resource: ApiResource, ref: ObjectRef, patch: object, options?: WriteOptions): Promise<Unstructured>;

  /**
   * Writes `object.status` through the status subresource; its spec stays as it is. Rejects with `NotFound` if the resource has none,
   * and with `Conflict` if the object is not of the version that `metadata.resourceVersion` names any more.
   */
  replaceStatus(resource: ApiResource, object: Unstructured, options?: CallOptions): Promise<Unstructured>;

  /** Deletes the object; absent is fine. Waits for nothing: finalizers may keep it for a while. */
  delete(resource: ApiResource, ref: ObjectRef, options?: CallOptions): Promise<void>;

  /**
   * Runs a command in a container of a pod, without input, and waits for its end or `timeoutMs`: then the connection is cut, and
   * the command may run on. It is sent once. `Interrupted` is the one rejection after which it may have run: the connection
   * broke, or the signal was aborted. After all others it has not: `NotFound` where there is no such pod, `InvalidItem` no such
   * container, `Throttled` and `Unavailable` after five repetitions of a request that was not even taken.
   */
  exec(pod: ObjectRef, options: ExecOptions): Promise<ExecOutcome>;

  /** Closes the connections. */
  close(): Promise<void>;
}

/** What every call takes. `signal` aborts the request, which then rejects with `Interrupted`. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** What calls that change the cluster take. */
export interface WriteOptions extends CallOptions {
  /** Asks for the server's answer, webhooks' included, and changes nothing. Default `false`. */
  readonly dryRun?: boolean;
}

/** `namespace` absent or `''` for cluster-scoped objects. */
export interface ObjectRef {
  readonly namespace?: string;
  readonly name: string;
}

/** What to run, and where. */
export interface ExecOptions extends CallOptions {
  readonly container: string;
  /** Program and arguments; no shell takes part. */
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

/** How a command ended, as the API server tells it. */
export interface ExecOutcome {
  readonly ended: 'succeeded' | 'failed' | 'timedOut';
  /** Where the container's runtime tells it; a program that is not there has none. */
  readonly exitCode?: number;
  /** Why it failed, in the server's own words, which may quote the command. */
  readonly message?: string;
  /** The beginning and the end of what it wrote, 4 KiB each. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Which objects a list holds, and how it is cut into pages. */
export interface ListOptions extends CallOptions {
  /** Default: all namespaces. */
  readonly namespace?: string;
  /** Kubernetes grammar. Default: everything. */
  readonly labelSelector?: string;
  /** Items a page. Default 500. */
  readonly limit?: number;
  /** Where to go on, from an earlier page. */
  readonly continueToken?: string;
  /** `'0'` takes a slightly old answer from the server's cache. Default: the newest. */
  readonly resourceVersion?: string;
}

/** Items carry `apiVersion` and `kind`, which lists leave out of each item. */
export interface ListPage {
  readonly items: readonly Unstructured[];
  /** Absent on the last page. */
  readonly continueToken?: string;
  /** How many follow, where the server tells (it does not with selectors). */
  readonly remaining?: number;
}

/** What `/version` says, such as `v1.36.3`, `1` and `36`. */
export interface ServerVersion {
  readonly gitVersion: string;
  readonly major: string;
  readonly minor: string;
}
