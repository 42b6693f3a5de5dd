import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from './binaries.ts';
import { answers, freePort, startServer, type Server } from './server.ts';

/** A Kubernetes API server with etcd and kube-controller-manager: namespaces terminate, claims bind, service accounts appear. No nodes. */
export interface KubernetesServer {
  readonly kubeconfig: string;
  readonly url: string;
  /** The API server's own certificate and its key, as files: for other servers on this machine. */
  readonly tls: { readonly certificate: string; readonly key: string };
  stop(): Promise<void>;
}

export interface KubernetesOptions {
  /** Whether etcd waits for the disk. Default `false`: much faster; benchmarks turn it on. */
  readonly fsync?: boolean;
}

const serviceClusterIpRange = '10.96.0.0/16';

/** Starts a cluster's control plane. Parts that were started are stopped if a later one fails. */
export async function startKubernetes({ fsync = false }: KubernetesOptions = {}): Promise<KubernetesServer> {
  const [etcdBinary, apiBinary, managerBinary] = await Promise.all([
    findBinary('etcd'),
    findBinary('kube-apiserver'),
    findBinary('kube-controller-manager'),
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'bowline-kubernetes-'));
  const [etcdPort, peerPort, apiPort, managerPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const started: Server[] = [];
  const stop = async (): Promise<void> => {
    for (const server of started.reverse()) await server.stop();
  };
  try {
    const etcd = `http://127.0.0.1:${etcdPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    started.push(
      await startServer({
        name: 'etcd',
        command: etcdBinary,
        args: [
          ...[
            '--name',
            'test',
            '--data-dir',
            join(folder, 'etcd'),
            '--listen-client-urls',
            etcd,
            '--advertise-client-urls',
            etcd,
          ],
          ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `test=${peer}`],
          ...[
            '--log-level',
            'warn',
            '--quota-backend-bytes',
            String(8 * 1024 ** 3),
            ...(fsync ? [] : ['--unsafe-no-fsync']),
          ],
        ],
        folder,
        ready: () => answers(`${etcd}/health`),
      }),
    );
    const files = writeSecrets(folder);
    const url = `https://127.0.0.1:${apiPort}`;
    const api = new Agent({ rejectUnauthorized: false });
    started.push(
      await startServer({
        name: 'kube-apiserver',
        command: apiBinary,
        args: [
          ...[
            '--etcd-servers',
            etcd,
            '--bind-address',
            '127.0.0.1',
            '--secure-port',
            String(apiPort),
            '--advertise-address',
            '127.0.0.1',
          ],
          ...['--endpoint-reconciler-type=none', '--cert-dir', files.certificates, '--token-auth-file', files.tokens],
          ...['--authorization-mode', 'RBAC', '--service-account-issuer', 'https://kubernetes.default.svc'],
          ...['--service-account-key-file', files.publicKey, '--service-account-signing-key-file', files.privateKey],
          ...[
            '--service-cluster-ip-range',
            serviceClusterIpRange,
            '--max-requests-inflight',
            '800',
            '--max-mutating-requests-inflight',
            '400',
          ],
        ],
        ready: () => get(`${url}/readyz`, { agent: api, token: files.token }),
      }),
    );
    const tls = {
      certificate: join(files.certificates, 'apiserver.crt'),
      key: join(files.certificates, 'apiserver.key'),
    };
    const kubeconfig = writeKubeconfig(folder, { url, token: files.token, certificate: tls.certificate });
    started.push(
      await startServer({
        name: 'kube-controller-manager',
        command: managerBinary,
        args: [
          ...[
            '--kubeconfig',
            kubeconfig,
            '--bind-address',
            '127.0.0.1',
            '--secure-port',
            String(managerPort),
            '--leader-elect=false',
          ],
          ...['--cert-dir', files.certificates, '--root-ca-file', tls.certificate],
          ...[
            '--service-account-private-key-file',
            files.privateKey,
            '--kube-api-qps',
            '2000',
            '--kube-api-burst',
            '4000',
          ],
        ],
        ready: () =>
          get(`${url}/api/v1/namespaces/default/serviceaccounts/default`, { agent: api, token: files.token }),
      }),
    );
    api.destroy();
    return { kubeconfig, url, tls, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function writeSecrets(folder: string) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const token = randomBytes(16).toString('hex');
  const files = {
    token,
    certificates: join(folder, 'certificates'),
    tokens: join(folder, 'tokens.csv'),
    publicKey: join(folder, 'service-accounts.pub'),
    privateKey: join(folder, 'service-accounts.key'),
  };
  writeFileSync(files.tokens, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  writeFileSync(files.publicKey, publicKey);
  writeFileSync(files.privateKey, privateKey, { mode: 0o600 });
  return files;
}

/** The API server makes its own certificate for the name `localhost` and the address it listens on, and signs it itself. */
function writeKubeconfig(
  folder: string,
  { url, token, certificate }: { url: string; token: string; certificate: string },
): string {
  const file = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'local',
        cluster: { server: url, 'certificate-authority-data': readFileSync(certificate).toString('base64') },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'local', context: { cluster: 'local', user: 'admin' } }],
    'current-context': 'local',
  };
  writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
  return file;
}

function get(url: string, { agent, token }: { agent: Agent; token: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers: { authorization: `Bearer ${token}` }, timeout: 5_000 }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`${url} answers ${response.statusCode}`));
    });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`${url} does not answer`)));
    sent.end();
  });
}
