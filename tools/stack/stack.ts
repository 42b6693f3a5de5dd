import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary, type BinaryName } from './binaries.ts';
import { writeConfiguration } from './configuration.ts';
import { startKubernetes, type KubernetesServer } from './kubernetes.ts';
import { makeProgramsFolder } from './programs-folder.ts';
import { startS3, type S3Server } from './s3.ts';
import { startTemporal, type TemporalServer } from './temporal.ts';

/** Everything that Bowline needs, running, with a configuration that names it. */
export interface Stack {
  readonly temporal: TemporalServer;
  readonly kubernetes: KubernetesServer;
  readonly s3: S3Server;
  /** A bucket that exists. */
  readonly bucket: string;
  /** The `bowline.yaml`. */
  readonly configFile: string;
  /** A folder for `PATH`, with `bowline`, `kubectl` and `temporal`. */
  readonly programs: string;
  /** Stops all of it; its files go too. */
  stop(): Promise<void>;
}

const needed: readonly BinaryName[] = [
  ...(['etcd', 'versitygw', 'temporal', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const),
];

/** Starts the stack. Rejects if something can't be had or started; what did start is stopped by then. */
export async function startStack(): Promise<Stack> {
  // First of all: it can take minutes, and nothing has to be stopped if it fails.
  await Promise.all(needed.map((name) => findBinary(name)));
  const folder = mkdtempSync(join(tmpdir(), 'bowline-stack-'));
  const starting = [startTemporal({ folder }), startKubernetes(), startS3()] as const;
  const stop = async (): Promise<void> => {
    await Promise.all(starting.map((server) => server.then((started) => started.stop()).catch(() => undefined)));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [temporal, kubernetes, s3] = await Promise.all(starting);
    const bucket = 'bowline';
    const { file: configFile } = writeConfiguration({ folder, temporal, kubernetes, s3, bucket });
    const programs = await makeProgramsFolder(join(folder, 'bin'));
    return { temporal, kubernetes, s3, bucket, configFile, programs, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
