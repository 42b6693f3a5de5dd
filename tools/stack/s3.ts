import { mkdtempSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from './binaries.ts';
import { answers, freePort, startServer } from './server.ts';

/** An S3 server (versitygw on a folder). */
export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Where the buckets lie: a bucket is a folder in it. */
  readonly root: string;
  createBucket(name: string): void;
  stop(): Promise<void>;
}

/** Starts an S3 server with an empty root. */
export async function startS3(): Promise<S3Server> {
  const command = await findBinary('versitygw');
  const folder = mkdtempSync(join(tmpdir(), 'bowline-s3-'));
  const root = join(folder, 'buckets');
  const sidecar = join(folder, 'sidecar');
  mkdirSync(root);
  mkdirSync(sidecar);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const [accessKeyId, secretAccessKey, region] = ['bowline', 'bowline-secret', 'us-east-1'];
  const server = await startServer({
    name: 'versitygw',
    command,
    args: [
      '--port',
      `127.0.0.1:${port}`,
      '--access',
      accessKeyId,
      '--secret',
      secretAccessKey,
      '--region',
      region,
      '--quiet',
      '--keep-alive',
      'posix',
      '--sidecar',
      sidecar,
      root,
    ],
    folder,
    ready: () => answers(endpoint),
  });
  return {
    endpoint,
    region,
    accessKeyId,
    secretAccessKey,
    root,
    createBucket: (name) => void mkdirSync(join(root, name), { recursive: true }),
    stop: server.stop,
  };
}
