import { startAzurite, type AzuriteServer } from '../../tools/stack/azurite.ts';
import { binaryNames, findBinary } from '../../tools/stack/binaries.ts';
import { startFakeGcs, type FakeGcsServer } from '../../tools/stack/fake-gcs.ts';
import { startKubernetes, type KubernetesServer } from '../../tools/stack/kubernetes.ts';
import { startKwok, type KwokServer } from '../../tools/stack/kwok.ts';
import { startMoto, type MotoServer } from '../../tools/stack/moto.ts';
import { findPackage, packageNames } from '../../tools/stack/packages.ts';
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

/** The run's Azure Blob server. Tests create containers of unique names. */
export const azuriteServer: () => Promise<AzuriteServer> = shared(() => startAzurite());

/** The run's Google Cloud Storage server. Tests create buckets of unique names. */
export const fakeGcsServer: () => Promise<FakeGcsServer> = shared(startFakeGcs);

/** The run's Kubernetes API server. Tests use namespaces of unique names. */
export const kubernetesServer: () => Promise<KubernetesServer> = shared(() => startKubernetes());

/** A node of the run's API server, on which pods run. */
export const kwokServer: () => Promise<KwokServer> = shared(async () => startKwok(await kubernetesServer()));

/** The run's S3 server. Tests create buckets of unique names. */
export const s3Server: () => Promise<S3Server> = shared(startS3);

/** The run's EC2 and S3 as moto imitates them. Tests create buckets of unique names, and look at their own volumes only. */
export const motoServer: () => Promise<MotoServer> = shared(startMoto);

/** The run's Temporal server. Tests use task queues of unique names. */
export const temporalServer: () => Promise<TemporalServer> = shared(() => startTemporal());

/** Downloads, builds or installs the servers' programs before the first test, which its time limit would not allow. */
export async function mochaGlobalSetup(): Promise<void> {
  await Promise.all([...binaryNames.map((name) => findBinary(name)), ...packageNames.map((name) => findPackage(name))]);
}

/** Stops what was started; mocha takes it from `.mocharc.json`. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(60_000);
    await Promise.all(started.map(async (server) => (await server.catch(() => undefined))?.stop()));
  },
};
