import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KubernetesServer } from './kubernetes.ts';
import type { S3Server } from './s3.ts';
import type { TemporalServer } from './temporal.ts';

/** What a `bowline.yaml` for the local stack is made of. */
export interface ConfigurationParts {
  /** Where the file goes, with credentials and snapshots beside it. */
  readonly folder: string;
  readonly kubernetes: Pick<KubernetesServer, 'kubeconfig'>;
  readonly temporal: Pick<TemporalServer, 'address'>;
  readonly s3: S3Server;
  /** Created if it is absent. Default `bowline`. */
  readonly bucket?: string;
  /** Default `bowline`. */
  readonly taskQueue?: string;
  /** A file with the workflows, bundled. Default: each worker bundles them. */
  readonly workflowBundle?: string;
  /** Where volume snapshots are kept. Default: a folder beside the file. */
  readonly snapshots?: string;
  /** What the file is to say beyond the usual, made from that. Default: nothing. */
  readonly settings?: (usual: FileContent) => object;
}

/** The usual content of the file. */
export interface FileContent {
  readonly backupStorageLocations: readonly object[];
  readonly volumeSnapshotLocations: readonly object[];
  readonly [key: string]: unknown;
}

export interface Configuration {
  /** The path of `bowline.yaml`. */
  readonly file: string;
  /** Where volume snapshots are kept. */
  readonly snapshots: string;
  /** Where the volumes made from them lie. */
  readonly volumes: string;
}

/** Writes a configuration whose storage location `default` is a bucket and whose snapshot location `default` is a folder. */
export function writeConfiguration(parts: ConfigurationParts): Configuration {
  const {
    folder,
    kubernetes,
    temporal,
    s3,
    bucket = 'bowline',
    taskQueue = 'bowline',
    workflowBundle,
    settings,
  } = parts;
  const { snapshots = join(folder, 'snapshots') } = parts;
  const file = join(folder, 'bowline.yaml');
  const credentials = join(folder, 's3-credentials');
  const volumes = join(folder, 'volumes');
  mkdirSync(snapshots, { recursive: true });
  s3.createBucket(bucket);
  const secrets = [`aws_access_key_id = ${s3.accessKeyId}`, `aws_secret_access_key = ${s3.secretAccessKey}`];
  writeFileSync(credentials, `[default]\n${secrets.join('\n')}\n`, { mode: 0o600 });
  const usual: FileContent = {
    temporal: { address: temporal.address, taskQueue, ...(workflowBundle !== undefined && { workflowBundle }) },
    kubernetes: { kubeconfig: kubernetes.kubeconfig },
    backupStorageLocations: [
      {
        name: 'default',
        provider: 'aws',
        default: true,
        objectStorage: { bucket },
        config: { region: s3.region, s3Url: s3.endpoint, s3ForcePathStyle: 'true', credentialsFile: credentials },
      },
    ],
    volumeSnapshotLocations: [
      { name: 'default', provider: 'filesystem', config: { path: snapshots, volumesPath: volumes } },
    ],
  };
  writeFileSync(file, stringify({ ...usual, ...settings?.(usual) }), { mode: 0o600 });
  return { file, snapshots, volumes };
}
