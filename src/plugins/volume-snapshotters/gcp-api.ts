import { BowlineError } from '../../api/errors.ts';
import type { CallOptions } from '../object-store.ts';
import type { GcpClient } from './gcp-client.ts';
import { gcpOperationFailure } from './gcp-errors.ts';
import { diskPlace } from './gcp-volumes.ts';
import { present } from './present.ts';

/** A disk or a snapshot, as far as we read it. Numbers of 64 bits are texts. */
export interface GcpResource {
  readonly name: string;
  readonly selfLink: string;
  readonly status: string;
  readonly creationTimestamp: string;
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface GcpDisk extends GcpResource {
  /** A link. */
  readonly type?: string;
  /** A link. */
  readonly sourceSnapshot?: string;
  readonly provisionedIops?: string;
  readonly provisionedThroughput?: string;
}

interface GcpSnapshot extends GcpResource {
  /** A link. */
  readonly sourceDisk?: string;
}

/** What Google is doing, or has done, with a resource. */
export interface GcpOperation {
  readonly selfLink: string;
  readonly status: 'PENDING' | 'RUNNING' | 'DONE';
  readonly operationType: string;
  readonly insertTime: string;
  /** 0 to 100. */
  readonly progress?: number;
  readonly error?: { readonly errors?: readonly { readonly code?: string }[] };
}

interface Page<T> {
  readonly items?: T;
  readonly nextPageToken?: string;
}

/** Disks whose place is remembered. */
const remembered = 10_000;

/** The calls of the Compute Engine API that snapshots take. */
export class GcpApi {
  readonly client: GcpClient;
  /** `zones/…` or `regions/…` by the disk's name: an id of a volume does not tell it. */
  readonly #places = new Map<string, string>();

  constructor(client: GcpClient) {
    this.client = client;
  }

  get snapshots(): string {
    return `projects/${this.client.snapshotProject}/global/snapshots`;
  }

  /** The name of one of these snapshots; of another project's, its whole link. */
  snapshotName(link: string): string {
    const beginning = link.indexOf(`${this.snapshots}/`);
    return beginning < 0 ? link : link.slice(beginning + this.snapshots.length + 1);
  }

  async snapshot(name: string, options: CallOptions): Promise<GcpSnapshot> {
    const tried = `describe snapshot ${name}`;
    assertName(tried, name);
    return this.client.request(tried, { path: `${this.snapshots}/${name}` }, options);
  }

  disks(scope: string): string {
    return `projects/${this.client.volumeProject}/${scope}/disks`;
  }

  /** The disk of that name in a PersistentVolume's zone, or wherever it is if that is not known. */
  async disk(name: string, zone: string, options: CallOptions): Promise<GcpDisk> {
    return zone === '' ? this.diskAnywhere(name, options) : this.#diskIn(diskPlace(zone).scope, name, options);
  }

  /** The disk of that name, wherever it is. Rejects with `NotFound`, or `InvalidItem` if there are several. */
  async diskAnywhere(name: string, options: CallOptions): Promise<GcpDisk> {
    return this.#diskIn(await this.place(name, options), name, options);
  }

  /** Where the disk of that name is. */
  async place(name: string, options: CallOptions): Promise<string> {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const tried = `find volume ${name}`;
    assertName(tried, name);
    const scopes: string[] = [];
    for await (const { scope, found } of this.#everywhere<GcpDisk>('disks', tried, `name eq "${name}"`, options))
      if (found.name === name) scopes.push(scope);
    if (scopes.length > 1) throw new BowlineError('InvalidItem', `${tried}: it is in ${scopes.join(' and ')}`);
    if (scopes[0] === undefined) throw new BowlineError('NotFound', `${tried}: no such disk`);
    this.remember(name, scopes[0]);
    return scopes[0];
  }

  /** Keeps where a disk is, for as long as there is room. */
  remember(name: string, scope: string): void {
    this.#places.set(name, scope);
    const [oldest] = this.#places.keys();
    if (this.#places.size > remembered && oldest !== undefined) this.#places.delete(oldest);
  }

  /** Deletes, and waits until it is done: whether Google may delete it, only the end tells. */
  async delete(tried: string, collection: string, name: string, options: CallOptions): Promise<void> {
    if (!isName(name)) return;
    const request = { method: 'DELETE' as const, path: `${collection}/${name}` };
    let operation = await present(this.client.request<GcpOperation>(tried, request, options));
    while (operation && operation.status !== 'DONE') {
      // Answers when the operation is done, or after 2 minutes.
      const wait = { method: 'POST' as const, path: `${pathOf(operation.selfLink)}/wait` };
      operation = await this.client.request<GcpOperation>(tried, wait, options);
    }
    const failure = operation && failureOf(operation);
    if (failure !== undefined && failure !== 'RESOURCE_NOT_FOUND') throw gcpOperationFailure(tried, failure);
  }

  /** The last operation that made a resource, if Google still knows of one. */
  async creation(kind: 'disks' | 'snapshots', name: string, options: CallOptions): Promise<GcpOperation | undefined> {
    let last: GcpOperation | undefined;
    const filter = `targetLink eq ".*/${kind}/${name}"`;
    const project = kind === 'disks' ? this.client.volumeProject : this.client.snapshotProject;
    const tried = `list operations on ${name}`;
    for await (const { found } of this.#everywhere<GcpOperation>('operations', tried, filter, options, project)) {
      if (found.operationType === 'delete') continue;
      if (last === undefined || Date.parse(found.insertTime) > Date.parse(last.insertTime)) last = found;
    }
    return last;
  }

  async *listSnapshots(filter: string, options: CallOptions): AsyncIterable<GcpSnapshot> {
    const pages = this.#pages<GcpSnapshot[]>('list snapshots', this.snapshots, filter, options);
    for await (const snapshots of pages) yield* snapshots;
  }

  async *listDisks(filter: string, options: CallOptions): AsyncIterable<GcpDisk> {
    for await (const { scope, found } of this.#everywhere<GcpDisk>('disks', 'list volumes', filter, options)) {
      this.remember(found.name, scope);
      yield found;
    }
  }

  async #diskIn(scope: string, name: string, options: CallOptions): Promise<GcpDisk> {
    const tried = `describe volume ${name}`;
    assertName(tried, name);
    const path = `${this.disks(scope)}/${name}`;
    return this.client.request<GcpDisk>(tried, { path }, options).catch((error: unknown) => {
      this.#places.delete(name);
      throw error;
    });
  }

  /** What all zones and regions have of one kind. */
  async *#everywhere<T>(
    kind: 'disks' | 'operations',
    tried: string,
    filter: string,
    options: CallOptions,
    project: string = this.client.volumeProject,
  ): AsyncIterable<{ readonly scope: string; readonly found: T }> {
    const path = `projects/${project}/aggregated/${kind}`;
    for await (const items of this.#pages<Record<string, Record<string, T[]>>>(tried, path, filter, options)) {
      for (const [scope, lists] of Object.entries(items)) for (const found of lists[kind] ?? []) yield { scope, found };
    }
  }

  async *#pages<T>(tried: string, path: string, filter: string, options: CallOptions): AsyncIterable<T> {
    for (let pageToken: string | undefined, more = true; more; more = pageToken !== undefined) {
      const query = { ...(filter !== '' && { filter }), ...(pageToken !== undefined && { pageToken }) };
      const page: Page<T> = await this.client.request(tried, { path, query }, options);
      if (page.items) yield page.items;
      pageToken = page.nextPageToken;
    }
  }
}

/** The code of an operation that failed. */
export function failureOf({ error }: GcpOperation): string | undefined {
  return error && (error.errors?.[0]?.code ?? 'UNKNOWN');
}

/** A backup's files may say anything: what is no name of Google's is nothing that it has. */
function assertName(tried: string, name: string): void {
  if (!isName(name)) throw new BowlineError('NotFound', `${tried}: no such name`);
}

function isName(text: string): boolean {
  return /^[a-z][-a-z0-9]*$/.test(text);
}

function pathOf(link: string): string {
  return link.slice(link.indexOf('projects/'));
}
