import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKubernetes, type KubernetesServer } from '../stack/kubernetes.ts';
import { startS3 } from '../stack/s3.ts';
import { startTemporal } from '../stack/temporal.ts';
import { bundleWorkflows, keepBundle } from '../workflow-bundle.ts';

/** The servers of one bench, and how a worker reaches them. */
export interface BenchStack {
  /** A `bowline.yaml` with the settings' defaults. */
  readonly configFile: string;
  /** The workflows, bundled: an installed worker has them so. */
  readonly bundleFile: string;
  stop(): Promise<void>;
}

const bucket = 'bench';

/** What to start beside Temporal and the S3 server. */
export interface BenchStackOptions {
  /** What the configuration file says beyond the usual. */
  readonly settings?: object;
  /** Where the cluster is, instead of one to be started. */
  readonly clusterUrl?: string;
}

/** Starts the servers. etcd waits for the disk, as a real one does. Those that were started are stopped if another fails. */
export async function startBenchStack({ settings = {}, clusterUrl }: BenchStackOptions = {}): Promise<BenchStack> {
  const folder = mkdtempSync(join(tmpdir(), 'bowline-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const cluster = clusterUrl === undefined ? startKubernetes({ fsync: true }) : clusterAt(clusterUrl, folder);
  const starting = [cluster, startTemporal(), startS3()] as const;
  const stop = async (): Promise<void> => {
    await Promise.allSettled(starting.map(async (server) => (await server).stop()));
  };
  try {
    const [kubernetes, temporal, s3] = await Promise.all(starting);
    s3.createBucket(bucket);
    const credentialsFile = join(folder, 'credentials');
    const { accessKeyId, secretAccessKey } = s3;
    const lines = ['[default]', `aws_access_key_id=${accessKeyId}`, `aws_secret_access_key=${secretAccessKey}`];
    writeFileSync(credentialsFile, lines.join('\n'), { mode: 0o600 });
    const config = {
      temporal: { address: temporal.address },
      kubernetes: { kubeconfig: kubernetes.kubeconfig },
      backupStorageLocations: [
        {
          name: 'default',
          provider: 'aws',
          default: true,
          objectStorage: { bucket },
          config: { region: s3.region, s3Url: s3.endpoint, s3ForcePathStyle: 'true', credentialsFile },
        },
      ],
      ...settings,
    };
    const configFile = join(folder, 'bowline.yaml');
    writeFileSync(configFile, JSON.stringify(config, null, 2));
    return { configFile, bundleFile: keepBundle(await bundleWorkflows()), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A cluster that runs already, and goes on. */
async function clusterAt(server: string, folder: string): Promise<Pick<KubernetesServer, 'kubeconfig' | 'stop'>> {
  const name = 'bench';
  const kubeconfig = join(folder, 'kubeconfig');
  const content = {
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: { token: 'bench' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(content));
  return { kubeconfig, stop: async () => undefined };
}
