import type { S3Client } from '@aws-sdk/client-s3';
import { BowlineError } from '../../api/errors.ts';
import { awsFileCredentials } from '../aws-credentials.ts';
import { isTrue, type ConfigTexts } from '../config-values.ts';
import { readObjectHeaders, type ObjectHeaders } from './aws-config.ts';
import { awsError } from './aws-errors.ts';
import { trusted } from './trust.ts';

/** The SDK's modules, and clients made with a location's configuration. */
export interface AwsClients {
  readonly s3: typeof import('@aws-sdk/client-s3');
  readonly storage: typeof import('@aws-sdk/lib-storage');
  readonly presigner: typeof import('@aws-sdk/s3-request-presigner');
  readonly client: S3Client;
  /** Signs for another endpoint, where `publicUrl` names one. */
  readonly signing: S3Client;
  readonly headers: ObjectHeaders;
}

/** A server that takes no connection is given up. */
const connectionTimeout = 10_000;

/**
 * Loads the SDK, which only this provider needs, and makes its clients. Credentials come from `credentialsFile` (a shared
 * credentials file, and `profile` in it) or from the SDK's own chain. Without `region` and `s3Url` the bucket is asked where it is.
 *
 * @throws BowlineError `InvalidConfig` with all problems
 */
export async function openAwsClients(config: ConfigTexts): Promise<AwsClients> {
  const headers = await readObjectHeaders(config);
  const [s3, storage, presigner] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
    import('@aws-sdk/s3-request-presigner'),
  ]);
  const { s3Url, publicUrl, caCert, credentialsFile, profile } = config;
  const tls = {
    ...(caCert && { ca: trusted(caCert) }),
    ...(isTrue(config['insecureSkipTLSVerify']) && { rejectUnauthorized: false }),
  };
  const common = {
    forcePathStyle: isTrue(config['s3ForcePathStyle']),
    // Only where an operation demands it: stores that merely speak S3 refuse checksums they do not know.
    requestChecksumCalculation: 'WHEN_REQUIRED' as const,
    responseChecksumValidation: 'WHEN_REQUIRED' as const,
    requestHandler: { connectionTimeout, httpsAgent: { maxSockets: 64, ...tls }, httpAgent: { maxSockets: 64 } },
    ...(credentialsFile && { credentials: await awsFileCredentials(credentialsFile, profile) }),
    ...(!credentialsFile && profile && { profile }),
  };
  const open = (endpoint: string | undefined, region: string): S3Client =>
    new s3.S3Client({ ...common, region, ...(endpoint && { endpoint }) });
  const region =
    config['region'] ||
    (s3Url
      ? await new s3.S3Client(common).config.region().catch(() => anyRegion)
      : await regionOf(config['bucket'] ?? '', { s3, client: open(undefined, anyRegion) }));
  return {
    s3,
    storage,
    presigner,
    client: open(s3Url, region),
    signing: open(publicUrl || s3Url, region),
    headers,
  };
}

/** Where the question for a bucket's region may be put; and of no meaning to most stores that merely speak S3. */
const anyRegion = 'us-east-1';

/** Asks where a bucket is; the answer is in a header, also of a refusal. */
async function regionOf(bucket: string, { s3, client }: Pick<AwsClients, 's3' | 'client'>): Promise<string> {
  const tried = `find the region of s3://${bucket}`;
  try {
    const { BucketRegion } = await client.send(new s3.HeadBucketCommand({ Bucket: bucket }));
    return BucketRegion ?? anyRegion;
  } catch (error) {
    const { $response } = error as { readonly $response?: { readonly headers?: Readonly<Record<string, string>> } };
    const region = $response?.headers?.['x-amz-bucket-region'];
    if (region) return region;
    const ours = awsError(tried, error);
    throw ours.code === 'NotFound' ? new BowlineError('InvalidConfig', ours.message, { cause: ours }) : ours;
  } finally {
    client.destroy();
  }
}
