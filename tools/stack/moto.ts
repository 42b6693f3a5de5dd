import { join } from 'node:path';
import { findPackage } from './packages.ts';
import { answers, freePort, startServer } from './server.ts';

/** EC2 and S3 as moto imitates them. What it holds is gone with it; it takes any credentials. */
export interface MotoServer {
  /** Of both services. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Makes a bucket, in its own or another region, with object lock if `locked`. Names have three characters at least. */
  createBucket(name: string, options?: BucketOptions): Promise<void>;
  stop(): Promise<void>;
}

interface BucketOptions {
  readonly locked?: boolean;
  readonly region?: string;
}

/** Starts moto, empty. */
export async function startMoto(): Promise<MotoServer> {
  const folder = await findPackage('moto');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const [accessKeyId, secretAccessKey, region] = ['bowline', 'bowline-secret', 'us-east-1'];
  const server = await startServer({
    name: 'moto',
    // Without Amazon's images, whose 1,300 snapshots it would read through for every question.
    command: 'env',
    args: [
      'MOTO_EC2_LOAD_DEFAULT_AMIS=false',
      join(folder, 'bin', 'python'),
      ...['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    ],
    ready: () => answers(`${endpoint}/moto-api/`),
  });
  return {
    endpoint,
    region,
    accessKeyId,
    secretAccessKey,
    async createBucket(name, { locked = false, region: wanted = region } = {}) {
      const constraint = `<LocationConstraint>${wanted}</LocationConstraint>`;
      const response = await fetch(`${endpoint}/${name}`, {
        method: 'PUT',
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/${wanted}/s3/aws4_request`,
          ...(locked && { 'x-amz-bucket-object-lock-enabled': 'true' }),
        },
        ...(wanted !== region && {
          body: `<CreateBucketConfiguration>${constraint}</CreateBucketConfiguration>`,
        }),
      });
      if (!response.ok) throw new Error(`create bucket ${name}: ${response.status} ${await response.text()}`);
    },
    stop: server.stop,
  };
}
