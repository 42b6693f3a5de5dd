import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/kubernetes/http-client.ts';
import { findBinary } from './binaries.ts';
import type { KubernetesServer } from './kubernetes.ts';
import { freePort, startServer } from './server.ts';

/** A node that only says that its pods run. A command in one of their containers is run as a process of this machine. */
export interface KwokServer {
  /** Pods get there by `spec.nodeName`. */
  readonly node: string;
  /** The commands' working directory, whatever the pod. */
  readonly folder: string;
  stop(): Promise<void>;
}

const node = 'kwok';

/** Starts kwok for a cluster that has none, and the one node that it looks after. */
export async function startKwok({ kubeconfig, tls }: KubernetesServer): Promise<KwokServer> {
  const command = await findBinary('kwok');
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'bowline-kwok-'))];
  const [workDir, configuration] = [join(folder, 'work'), join(folder, 'kwok.json')];
  mkdirSync(workDir);
  const exec = {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'ClusterExec',
    metadata: { name: 'every-pod' },
    spec: { execs: [{ local: { workDir } }] },
  };
  writeFileSync(configuration, JSON.stringify(exec));
  const kubernetes = await connect({ kubeconfig });
  const nodes = (await kubernetes.discover()).find('nodes')!;
  await kubernetes.create(nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
  });
  try {
    const server = await startServer({
      name: 'kwok',
      command,
      args: [
        ...['--kubeconfig', kubeconfig, '--config', configuration, '--manage-all-nodes=true'],
        ...['--server-address', `127.0.0.1:${port}`, '--node-ip', '127.0.0.1', '--node-port', String(port)],
        ...['--tls-cert-file', tls.certificate, '--tls-private-key-file', tls.key],
      ],
      folder,
      async ready() {
        const { status } = await kubernetes.get(nodes, { name: node });
        const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
        if (!conditions.some((one) => one.type === 'Ready' && one.status === 'True'))
          throw new Error('it is not Ready');
      },
    });
    return { node, folder: workDir, stop: () => server.stop() };
  } finally {
    await kubernetes.close();
  }
}
