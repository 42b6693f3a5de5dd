import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { kubernetesServer } from '../support/servers.ts';

interface Kubeconfig {
  readonly clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
  readonly users: [{ user: { token: string } }];
}

/** What the API server said. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** What it warns of, such as a pod that its namespace would refuse. */
  readonly warnings: readonly string[];
}

/** One request as somebody sends it. */
export interface Call {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body?: object;
  /** Default: that of the method. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The run's API server, for requests as any account. */
export interface Cluster {
  /** Default: as its administrator. */
  send(call: Call, token?: string): Promise<Answer>;
  /** Applies an object as `kubectl apply --server-side` does, and refuses fields that its kind does not have. */
  apply(object: Unstructured, options?: { readonly dryRun?: boolean }): Promise<Answer>;
  /** Deletes an object; absent is fine. */
  remove(object: Unstructured): Promise<void>;
  /** A token of a service account, as a pod of it would have one. */
  tokenOf(namespace: string, serviceAccount: string): Promise<string>;
  /** A kubeconfig with that token. */
  kubeconfigOf(token: string): string;
  close(): Promise<void>;
}

/** Opens the run's API server. */
export async function openCluster(): Promise<Cluster> {
  const { kubeconfig } = await kubernetesServer();
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const { server, 'certificate-authority-data': ca } = config.clusters[0].cluster;
  const dispatcher = new Agent({ connect: { ca: Buffer.from(ca, 'base64') } });
  const client = await connect({ kubeconfig });

  const send: Cluster['send'] = async (call, token = config.users[0].user.token) => {
    const { method, path, body, contentType = 'application/json', headers } = call;
    const response = await request(`${server}${path}`, {
      dispatcher,
      method: method as 'GET',
      headers: { ...headers, authorization: `Bearer ${token}`, ...(body && { 'content-type': contentType }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    const isJson = String(response.headers['content-type']).includes('json');
    return {
      status: response.statusCode,
      body: isJson ? JSON.parse(text) : text,
      warnings: [response.headers['warning'] ?? []].flat(),
    };
  };

  async function pathOf({ apiVersion, kind, metadata }: Unstructured): Promise<string> {
    const resource = (await client.discover({ refresh: true })).findKind(apiVersion, kind);
    if (!resource) throw new Error(`the cluster does not serve ${apiVersion} ${kind}`);
    const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const place = resource.namespaced ? `/namespaces/${metadata.namespace}` : '';
    return `${group}${place}/${resource.plural}/${metadata.name}`;
  }

  return {
    send,
    async apply(object, { dryRun = false } = {}) {
      const query = `fieldManager=test&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
      return send({
        method: 'PATCH',
        path: `${await pathOf(object)}?${query}`,
        body: object,
        contentType: 'application/apply-patch+yaml',
      });
    },
    async remove(object) {
      const { status } = await send({ method: 'DELETE', path: await pathOf(object) });
      if (status >= 300 && status !== 404) throw new Error(`delete ${object.kind} ${object.metadata.name}: ${status}`);
    },
    async tokenOf(namespace, serviceAccount) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
      const { status, body } = await send({ method: 'POST', path, body: { spec: { expirationSeconds: 3_600 } } });
      if (status !== 201) throw new Error(`a token of ${serviceAccount}: ${status}`);
      return (body as { status: { token: string } }).status.token;
    },
    kubeconfigOf(token) {
      const file = join(temporaryFolder(), 'kubeconfig');
      writeFileSync(file, JSON.stringify({ ...config, users: [{ name: 'admin', user: { token } }] }), { mode: 0o600 });
      return file;
    },
    async close() {
      await Promise.all([dispatcher.close(), client.close()]);
    },
  };
}
