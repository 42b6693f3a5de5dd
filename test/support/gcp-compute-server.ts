import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudServer, type CloudAnswer, type CloudRequest } from './cloud-server.ts';

/** A disk or a snapshot. */
interface Resource {
  readonly kind: string;
  readonly name: string;
  readonly selfLink: string;
  status: string;
  readonly creationTimestamp: string;
  description?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly type?: string;
  sourceDisk?: string;
  readonly sourceSnapshot?: string;
  readonly provisionedIops?: string;
  readonly provisionedThroughput?: string;
  readonly replicaZones?: readonly string[];
  readonly snapshotType?: string;
  readonly storageLocations?: readonly string[];
  /** What stands for the bytes in it. */
  content: string;
}

interface Operation {
  readonly kind: 'compute#operation';
  readonly name: string;
  readonly selfLink: string;
  readonly targetLink: string;
  readonly operationType: 'insert' | 'delete';
  readonly insertTime: string;
  status: 'PENDING' | 'RUNNING' | 'DONE';
  progress: number;
  error?: { readonly errors: readonly { readonly code: string; readonly message: string }[] };
  /** How often it is asked about before it is done, and what it ends with then. */
  readonly polls: number;
  left: number;
  readonly failure: string | undefined;
}

const [token, words] = ['gcp-token', 'in the words of the server'];
const base = '/compute/v1/';
const collection = /^projects\/([^/]+)\/((?:zones|regions)\/[^/]+|global)\/(disks|snapshots)$/;
const pageSize = 2;

/**
 * The part of the Compute Engine API that has disks and snapshots, and what gives out tokens for it, after the public
 * descriptions of both: creations and deletions answer with an operation that is PENDING, RUNNING, then DONE, with or without an
 * error; a request id that was seen answers with its operation; a name that exists is a 409; lists are filtered and come in pages.
 */
export class GcpComputeServer {
  /** By path, such as `projects/p/zones/z/disks/d`. */
  readonly resources = new Map<string, Resource>();
  /** How often what is created or deleted is asked about before it is done. */
  polls = 1;
  /** What the next creations and deletions end with, though they are accepted. */
  readonly failures: string[] = [];
  /** Whether who asks may set labels. */
  mayLabel = true;
  readonly server: CloudServer;
  readonly #operations: Operation[] = [];
  readonly #requestIds = new Map<string, Operation>();

  private constructor(server: CloudServer) {
    this.server = server;
  }

  static async start(): Promise<GcpComputeServer> {
    let started: GcpComputeServer | undefined;
    const server = await CloudServer.start((request) => started!.#answer(request));
    started = new GcpComputeServer(server);
    return started;
  }

  /** A location's configuration; its credentials, which another identity stands behind, are written to `folder`. */
  config(folder: string, others: Record<string, string> = {}): Record<string, string> {
    const [credentialsFile, subject] = [join(folder, 'gcp-credentials'), join(folder, 'subject')];
    writeFileSync(subject, 'subject-token', { mode: 0o600 });
    const credentials = {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${this.server.url}/v1/token`,
      credential_source: { file: subject },
    };
    writeFileSync(credentialsFile, JSON.stringify(credentials), { mode: 0o600 });
    return { credentialsFile, computeUrl: `${this.server.url}/compute/v1`, volumeProject: 'p', ...others };
  }

  /** Puts a disk there that is ready. */
  addDisk(name: string, others: Partial<Resource> = {}, scope = 'zones/us-central1-a'): Resource {
    const type = this.#link(`projects/p/${scope}/diskTypes/pd-ssd`);
    return this.#add(`projects/p/${scope}/disks/${name}`, { type, ...others, status: 'READY' });
  }

  /** The disk of that name, in whatever zone or region. */
  disk(name: string): Resource | undefined {
    return [...this.resources].find(([path]) => path.endsWith(`/disks/${name}`))?.[1];
  }

  snapshot(name: string, project = 'p'): Resource | undefined {
    return this.resources.get(`projects/${project}/global/snapshots/${name}`);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  #link(path: string): string {
    return `${this.server.url}${base}${path}`;
  }

  #add(path: string, body: Partial<Resource>): Resource {
    const kind = path.includes('/disks/') ? 'compute#disk' : 'compute#snapshot';
    const [name, creationTimestamp] = [path.split('/').at(-1)!, new Date().toISOString().replace('Z', '+00:00')];
    const resource = {
      status: 'CREATING',
      content: '',
      ...body,
      kind,
      name,
      creationTimestamp,
      selfLink: this.#link(path),
    };
    this.resources.set(path, resource);
    return resource;
  }

  #answer(request: CloudRequest): CloudAnswer {
    const { url, method, authorization, body } = request;
    if (url.pathname === '/v1/token') return giveToken(body);
    if (authorization !== `Bearer ${token}`) return problem(401, 'authError');
    const path = url.pathname.slice(base.length);
    const project = /^projects\/([^/]+)\//.exec(path)?.[1] ?? '';
    if (path.endsWith('/aggregated/operations')) return this.#list(request, this.#pending(project), 'operations');
    if (path.endsWith('/aggregated/disks'))
      return this.#list(request, this.#all(`projects/${project}/`, 'disks'), 'disks');
    const operation = this.#operations.find(({ selfLink }) => `${selfLink}/wait` === this.#link(path));
    if (operation) return { status: 200, body: this.#advance(operation) };
    if (collection.test(path))
      return method === 'POST' ? this.#insert(request, path) : this.#list(request, this.#all(path));
    const resource = this.resources.get(path);
    if (!resource) return problem(404, 'notFound');
    if (method === 'DELETE') return this.#begin('delete', path);
    for (const one of this.#operations.filter(({ targetLink }) => targetLink === resource.selfLink)) this.#advance(one);
    return this.resources.has(path) ? { status: 200, body: shown(resource) } : problem(404, 'notFound');
  }

  #insert({ url, body }: CloudRequest, path: string): CloudAnswer {
    const requestId = url.searchParams.get('requestId') ?? '';
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(requestId)) return problem(400, 'invalid');
    const seen = this.#requestIds.get(requestId);
    if (seen) return { status: 200, body: seen };
    const asked = body as unknown as Resource;
    const at = `${path}/${asked.name}`;
    if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(asked.name)) return problem(400, 'invalid');
    if ((asked.description ?? '').length > 2_048) return problem(400, 'invalid');
    if (asked.labels && !this.mayLabel)
      return problem(403, 'forbidden', "Required 'compute.snapshots.setLabels' permission");
    if (this.resources.has(at)) return problem(409, 'alreadyExists');
    const link = asked.sourceDisk ?? asked.sourceSnapshot ?? '';
    const source = [...this.resources.values()].find(({ selfLink }) => selfLink === link);
    if (!source) return problem(404, 'notFound');
    this.#add(at, { ...asked, content: source.content });
    const answer = this.#begin('insert', at);
    this.#requestIds.set(requestId, this.#operations.at(-1)!);
    return answer;
  }

  #begin(operationType: Operation['operationType'], path: string): CloudAnswer {
    const scope = /^projects\/[^/]+\/((?:zones|regions)\/[^/]+|global)/.exec(path)![0];
    const name = `operation-${this.#operations.length + 1}`;
    const operation: Operation = {
      kind: 'compute#operation',
      name,
      selfLink: this.#link(`${scope}/operations/${name}`),
      targetLink: this.#link(path),
      operationType,
      insertTime: new Date().toISOString(),
      status: 'PENDING',
      progress: 0,
      polls: this.polls,
      left: this.polls,
      failure: this.failures.shift(),
    };
    this.#operations.push(operation);
    if (operationType === 'delete') this.resources.get(path)!.status = 'DELETING';
    return { status: 200, body: { ...operation } };
  }

  /** What is asked about comes on. */
  #advance(operation: Operation): Operation {
    if (operation.status === 'DONE') return operation;
    const path = operation.targetLink.slice(this.#link('').length);
    const resource = this.resources.get(path);
    if (operation.left > 0) operation.left--;
    operation.progress = Math.floor((100 * (operation.polls - operation.left)) / Math.max(operation.polls, 1));
    operation.status = operation.left > 0 ? 'RUNNING' : 'DONE';
    if (operation.status === 'RUNNING') {
      if (resource?.status === 'CREATING' && resource.kind === 'compute#snapshot') resource.status = 'UPLOADING';
      return operation;
    }
    const { failure, operationType } = operation;
    if (failure !== undefined) operation.error = { errors: [{ code: failure, message: words }] };
    // A creation that failed leaves nothing behind, a deletion everything.
    if ((operationType === 'insert') === (failure !== undefined)) this.resources.delete(path);
    else if (resource) resource.status = 'READY';
    return operation;
  }

  #pending(project: string): [string, Operation][] {
    const ours = this.#operations.filter(({ selfLink }) => selfLink.includes(`/projects/${project}/`));
    return ours.map((one) => [one.selfLink.slice(this.#link('').length), this.#advance(one)]);
  }

  #all(beginning: string, kind = ''): [string, Resource][] {
    return [...this.resources].filter(([path]) => path.startsWith(beginning) && path.includes(`/${kind}`));
  }

  /** One page of what the filter leaves; of all places, by place. */
  #list({ url }: CloudRequest, all: readonly [string, Resource | Operation][], kind?: string): CloudAnswer {
    const filter = url.searchParams.get('filter') ?? '';
    const [, field = '', , text = ''] = /^(\w+) eq (["'])(.*)\2$/.exec(filter) ?? [];
    if (filter !== '' && field === '') return problem(400, 'invalid');
    const whole = new RegExp(`^(?:${text})$`);
    const found = all.filter(([, one]) => filter === '' || whole.test(textOf(shown(one)[field])));
    const from = Number(url.searchParams.get('pageToken') ?? 0);
    const page = found.slice(from, from + pageSize);
    const more = found.length > from + pageSize && { nextPageToken: String(from + pageSize) };
    if (kind === undefined) return { status: 200, body: { items: page.map(([, one]) => shown(one)), ...more } };
    const items: Record<string, Record<string, object[]>> = { 'zones/empty': {} };
    for (const [path, one] of page) {
      const scope = /^projects\/[^/]+\/((?:zones|regions)\/[^/]+|global)/.exec(path)![1]!;
      ((items[scope] ??= {})[kind] ??= []).push(shown(one));
    }
    return { status: 200, body: { items, ...more } };
  }
}

function giveToken(body: CloudRequest['body']): CloudAnswer {
  if (body['subject_token'] !== 'subject-token')
    return {
      status: 400,
      body: { error: 'invalid_grant', error_description: `${String(body['subject_token'])} is wrong` },
    };
  const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
  return { status: 200, body: { access_token: token, issued_token_type, token_type: 'Bearer', expires_in: 3600 } };
}

function shown(one: Resource | Operation): Record<string, unknown> {
  const { content: _content, polls: _polls, left: _left, failure: _failure, ...rest } = one as Resource & Operation;
  return structuredClone(rest);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** How Google says no. Its words may echo what it was sent. */
function problem(status: number, reason: string, message = words): CloudAnswer {
  return { status, body: { error: { code: status, message, errors: [{ reason, message, domain: 'global' }] } } };
}
