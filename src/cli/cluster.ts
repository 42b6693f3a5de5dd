import type { Config } from '../client/index.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';

/** Connects to the cluster that a worker of this configuration would use. The caller closes it. */
export async function connectCluster({ kubernetes }: Config): Promise<KubernetesClient> {
  // Loaded here alone: most commands need no cluster.
  const { connect } = await import('../kubernetes/http-client.ts');
  return connect(kubernetes);
}

/** Does `work` with that cluster, and closes the connection. */
export async function withCluster<T>(config: Config, work: (cluster: KubernetesClient) => Promise<T>): Promise<T> {
  const cluster = await connectCluster(config);
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}
