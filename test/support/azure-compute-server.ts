import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudServer, type CloudAnswer, type CloudRequest } from './cloud-server.ts';
import { loopbackCertificate } from './tls-front.ts';

/** A disk or a snapshot. */
interface Resource {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  tags?: Record<string, string>;
  readonly sku?: { readonly name: string };
  readonly zones?: readonly string[];
  readonly properties: Record<string, unknown> & {
    provisioningState: string;
    completionPercent?: number;
    readonly creationData?: { readonly createOption: string; readonly sourceResourceId?: string };
  };
  /** What stands for the bytes in it. */
  content: string;
  /** How often it is asked for before what is done with it is done. */
  left: number;
}

const [tenant, secret, token] = ['tenant-1', 'azure-secret', 'azure-token'];
const subscription = 'subscription-1';
const resourcePath =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Compute\/(disks|snapshots)(?:\/([^/]+))?$/i;

/** Resources on one page of a list. */
const pageSize = 2;

/**
 * The part of Azure's resource manager that has disks and snapshots, and what gives out tokens for it, after the public
 * descriptions of both: creations and deletions are accepted with 202 and the headers `Azure-AsyncOperation` and `Location`, and
 * done after some polls; a name that exists is the same resource; lists come in pages.
 */
export class AzureComputeServer {
  readonly resources = new Map<string, Resource>();
  readonly certificate: string;
  /** How often what is created or deleted is asked about before it is done. */
  polls = 1;
  /** What the next creations and deletions end with, though they are accepted. */
  readonly failures: string[] = [];
  readonly server: CloudServer;
  readonly #operations = new Map<string, { readonly resource: Resource; readonly failure: string | undefined }>();

  private constructor(server: CloudServer, certificate: string) {
    this.server = server;
    this.certificate = certificate;
  }

  static async start(): Promise<AzureComputeServer> {
    const certificate = loopbackCertificate();
    let started: AzureComputeServer | undefined;
    const server = await CloudServer.start((request) => started!.#answer(request), certificate);
    started = new AzureComputeServer(server, certificate.certificate);
    return started;
  }

  /** A location's configuration; its credentials file is written to `folder`. */
  config(folder: string, others: Record<string, string> = {}): Record<string, string> {
    const credentialsFile = join(folder, 'azure-credentials');
    const lines = {
      AZURE_SUBSCRIPTION_ID: subscription,
      AZURE_RESOURCE_GROUP: 'disks-1',
      AZURE_TENANT_ID: tenant,
      AZURE_CLIENT_ID: 'client-1',
      AZURE_CLIENT_SECRET: secret,
    };
    const text = Object.entries(lines).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(credentialsFile, text.join(''), { mode: 0o600 });
    const [url, caCert] = [this.server.url, this.certificate];
    return { credentialsFile, resourceManagerUrl: url, activeDirectoryAuthorityURI: url, caCert, ...others };
  }

  /** Puts a disk there that is ready. Resolves with its id. */
  addDisk(name: string, others: Partial<Resource> = {}, group = 'disks-1'): string {
    const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Compute/disks/${name}`;
    const { properties, ...rest } = others;
    this.resources.set(id.toLowerCase(), {
      id,
      name,
      location: 'westeurope',
      sku: { name: 'Premium_LRS' },
      content: '',
      left: 0,
      ...rest,
      properties: { provisioningState: 'Succeeded', timeCreated: '2026-01-02T03:04:05.678Z', ...properties },
    });
    return id;
  }

  find(id: string): Resource | undefined {
    return this.resources.get(id.toLowerCase());
  }

  /** The disk of that name in the resource group of disks. */
  disk(name: string): Resource | undefined {
    return this.find(`/subscriptions/${subscription}/resourceGroups/disks-1/providers/Microsoft.Compute/disks/${name}`);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  #answer(request: CloudRequest): CloudAnswer {
    const { url, method, authorization } = request;
    const { pathname } = url;
    if (pathname === `/${tenant}/v2.0/.well-known/openid-configuration`) return this.#openId();
    if (pathname === `/${tenant}/oauth2/v2.0/token`) return giveToken(request);
    if (authorization !== `Bearer ${token}`) return problem(401, 'InvalidAuthenticationToken');
    if (!url.searchParams.get('api-version')) return problem(400, 'MissingApiVersionParameter');
    const operation = /^\/operations\/([^/]+)$/.exec(pathname)?.[1];
    if (operation !== undefined) return this.#operation(operation);
    const [, kind, name] = resourcePath.exec(decodeURIComponent(pathname)) ?? [];
    if (kind === undefined) return problem(404, 'InvalidResourceType');
    if (name === undefined) return this.#list(url);
    if (method === 'PUT') return this.#put(request, name);
    const resource = this.find(pathname);
    if (method === 'DELETE') return resource ? this.#begin(resource, 'Deleting') : { status: 204 };
    return resource ? this.#get(resource) : problem(404, 'ResourceNotFound');
  }

  #openId(): CloudAnswer {
    const at = `${this.server.url}/${tenant}`;
    return {
      status: 200,
      body: {
        issuer: `${at}/v2.0`,
        authorization_endpoint: `${at}/oauth2/v2.0/authorize`,
        token_endpoint: `${at}/oauth2/v2.0/token`,
        jwks_uri: `${at}/discovery/v2.0/keys`,
      },
    };
  }

  #put({ url, body }: CloudRequest, name: string): CloudAnswer {
    const id = decodeURIComponent(url.pathname);
    const asked = body as unknown as Omit<Resource, 'content' | 'left'>;
    if (!asked.location) return problem(400, 'LocationRequired');
    const tags = Object.keys(asked.tags ?? {});
    if (tags.some((key) => /[<>%&\\?/]/.test(key))) return problem(400, 'InvalidTagNameCharacters');
    if (tags.length > 50) return problem(400, 'TagCountExceeded');
    const from = asked.properties.creationData?.sourceResourceId ?? '';
    const existing = this.find(id);
    if (existing && existing.properties.creationData?.sourceResourceId !== from)
      return problem(409, 'PropertyChangeNotAllowed');
    if (existing) return { status: 200, body: shown(existing) };
    const source = this.find(from);
    if (!source) return problem(404, 'ResourceNotFound');
    const properties = { ...asked.properties, provisioningState: 'Updating', timeCreated: new Date().toISOString() };
    const resource: Resource = { ...asked, id, name, properties, content: source.content, left: 0 };
    this.resources.set(id.toLowerCase(), resource);
    return this.#begin(resource, 'Updating');
  }

  /** Accepts a creation or a deletion. */
  #begin(resource: Resource, provisioningState: string): CloudAnswer {
    const name = `operation-${this.#operations.size + 1}`;
    this.#operations.set(name, { resource, failure: this.failures.shift() });
    resource.left = this.polls;
    resource.properties.provisioningState = provisioningState;
    const at = `${this.server.url}/operations/${name}?api-version=2026-03-02`;
    return {
      status: 202,
      headers: { 'azure-asyncoperation': at, location: at, 'retry-after': '0' },
      body: shown(resource),
    };
  }

  #operation(name: string): CloudAnswer {
    const operation = this.#operations.get(name);
    if (!operation) return problem(404, 'NotFound');
    this.#advance(operation.resource);
    if (operation.resource.left > 0)
      return { status: 200, headers: { 'retry-after': '0' }, body: { name, status: 'InProgress' } };
    const { failure } = operation;
    const error = { code: failure, message: 'in the words of the server' };
    return { status: 200, body: { name, status: failure ? 'Failed' : 'Succeeded', ...(failure && { error }) } };
  }

  #get(resource: Resource): CloudAnswer {
    this.#advance(resource);
    return { status: 200, body: shown(resource) };
  }

  /** What is asked about comes on. */
  #advance(resource: Resource): void {
    const { properties } = resource;
    if (resource.left > 0) resource.left--;
    if (resource.left > 0) return;
    const failure = [...this.#operations.values()].findLast((operation) => operation.resource === resource)?.failure;
    if (properties.provisioningState === 'Updating') properties.provisioningState = failure ? 'Failed' : 'Succeeded';
    if (properties.provisioningState !== 'Deleting') return;
    if (failure) properties.provisioningState = 'Succeeded';
    else this.resources.delete(resource.id.toLowerCase());
  }

  #list(url: URL): CloudAnswer {
    const beginning = `${decodeURIComponent(url.pathname)}/`.toLowerCase();
    const all = [...this.resources].filter(([id]) => id.startsWith(beginning)).map(([, resource]) => resource);
    const from = Number(url.searchParams.get('$skipToken') ?? 0);
    const next = new URL(url);
    next.searchParams.set('$skipToken', String(from + pageSize));
    const value = all.slice(from, from + pageSize).map(shown);
    return { status: 200, body: { value, ...(all.length > from + pageSize && { nextLink: next.href }) } };
  }
}

function giveToken({ body }: CloudRequest): CloudAnswer {
  if (body['client_secret'] !== secret)
    return {
      status: 401,
      body: { error: 'invalid_client', error_description: `the secret ${String(body['client_secret'])} is wrong` },
    };
  return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: token } };
}

function shown({ content: _content, left: _left, ...resource }: Resource): object {
  return structuredClone(resource);
}

/** How Azure says no. Its words may echo what it was sent. */
function problem(status: number, code: string, headers: Record<string, string> = {}): CloudAnswer {
  return { status, headers, body: { error: { code, message: 'in the words of the server' } } };
}
