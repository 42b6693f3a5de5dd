import { binaryNames, findBinary } from '../../tools/stack/binaries.ts';
import { startKubernetes, type KubernetesServer } from '../../tools/stack/kubernetes.ts';
import { startKwok, type KwokServer } from '../../tools/stack/kwok.ts';
import { startS3, type S3Server } from '../../tools/stack/s3.ts';
import { startTemporal, type TemporalServer } from '../../tools/stack/temporal.ts';

const started: Promise<{ stop(): Promise<void> }>[] = [];

/** Starts on first use, and is shared by the whole run of tests. */
function shared<T extends { stop(): Promise<void> }>(start: () => Promise<T>): () => Promise<T> {
  let server: Promise<T> | undefined;
  return () => {
    if (server === undefined) {
      server = start();
      started.push(server);
    }
    return server;
  };
}

/** The run's Kubernetes API server. Tests use namespaces of unique names. */
export const kubernetesServer: () => Promise<KubernetesServer> = shared(() => startKubernetes());

/** A node of the run's API server, on which pods run. */
export const kwokServer: () => Promise<KwokServer> = shared(async () => startKwok(await kubernetesServer()));

/** The run's S3 server. Tests create buckets of unique names. */
export const s3Server: () => Promise<S3Server> = shared(startS3);

/** The run's Temporal server. Tests use task queues of unique names. */
export const temporalServer: () => Promise<TemporalServer> = shared(() => startTemporal());

/** Downloads or builds the servers' programs before the first test, which its time limit would not allow. */
export async function mochaGlobalSetup(): Promise<void> {
  await Promise.all(binaryNames.map((name) => findBinary(name)));
}

/** Stops what was started; mocha takes it from `.mocharc.json`. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(60_000);
    await Promise.all(started.map(async (server) => (await server.catch(() => undefined))?.stop()));
  },
};
