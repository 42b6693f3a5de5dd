import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Bucket, StorageOptions } from '@google-cloud/storage';
import { BowlineError } from '../../api/errors.ts';
import { checkKeys, type ConfigKeys } from '../config-keys.ts';
import { urlProblems, type ConfigTexts } from '../config-values.ts';
import { googleAuth, parseJson, readGoogleCredentials } from '../google-credentials.ts';
import type { CallOptions, GetOptions } from '../object-store.ts';

/** The settings of the `gcp` object store. Source: velero-plugin-for-gcp `velero-plugin-for-gcp/object_store.go`. */
export const gcpKeys: ConfigKeys = {
  required: ['bucket'],
  optional: ['credentialsFile', 'serviceAccount', 'kmsKeyName', 'storeEndpoint', 'universeDomain'],
};

/** A bucket, and how its objects are written. */
export interface GcpBucket {
  readonly bucket: Bucket;
  readonly kmsKeyName: string | undefined;
  /** Streams an object, or a part of it. The SDK's own way knows no signal, and holds on to what nobody reads any more. */
  read(key: string, range: GetOptions['range'], options: CallOptions): Promise<Readable>;
  /** A URL by which anybody may read an object in a span of time, in milliseconds. Rejects with `Unsupported` if nobody can sign. */
  sign(key: string, span: { readonly accessibleAt: number; readonly expires: number }): Promise<string>;
}

const scopes = ['https://www.googleapis.com/auth/devstorage.read_write', 'https://www.googleapis.com/auth/iam'];

/** The store's own patience; beyond it the caller's begins. */
const retryOptions = { autoRetry: true, maxRetries: 2, maxRetryDelay: 5 };

/**
 * Loads the SDK, which only this provider needs, and opens a bucket; nothing is asked yet. Credentials come from `credentialsFile`
 * or from the SDK's own chain. @throws BowlineError `InvalidConfig` with all problems
 */
export async function openGcpBucket(config: ConfigTexts): Promise<GcpBucket> {
  const { bucket = '', credentialsFile, serviceAccount, kmsKeyName, storeEndpoint, universeDomain, caCert } = config;
  const { credentials, problems } = await readGoogleCredentials(credentialsFile);
  checkKeys('gcp object store', config, gcpKeys, [
    ...urlProblems(config, ['storeEndpoint']),
    ...(caCert ? ['caCert: not taken by this provider; name its file in the variable NODE_EXTRA_CA_CERTS'] : []),
    ...problems,
  ]);
  const { Storage, IdempotencyStrategy } = await import('@google-cloud/storage');
  const auth = await googleAuth(credentials, { scopes, universeDomain });
  // A key of one's own signs for itself; in the name of another account, IAM does.
  const email = credentials?.private_key ? credentials.client_email : serviceAccount;
  if (email) auth.getCredentials = async () => ({ client_email: email });
  const options: StorageOptions & { useAuthWithCustomEndpoint: boolean } = {
    authClient: auth,
    ...(universeDomain && { universeDomain }),
    ...(storeEndpoint && { apiEndpoint: storeEndpoint }),
    useAuthWithCustomEndpoint: true,
    // Every call here may be repeated: a write replaces, or says that it must not.
    retryOptions: { ...retryOptions, idempotencyStrategy: IdempotencyStrategy.RetryAlways },
  };
  const storage = new Storage(options);
  return {
    bucket: storage.bucket(bucket),
    kmsKeyName: kmsKeyName || undefined,
    async read(key, range, { signal }) {
      const asked = auth.request<Readable>({
        url: `${storage.apiEndpoint}/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}?alt=media`,
        responseType: 'stream',
        retry: true,
        validateStatus: (code) => code < 500,
        ...(range && { headers: { range: `bytes=${range.start}-${range.end}` } }),
        ...(signal && { signal }),
      });
      const { status, data } = await asked.catch((error: { readonly response?: { readonly data?: Readable } }) => {
        error.response?.data?.destroy();
        throw error;
      });
      if (status < 400) return data;
      throw Object.assign(new Error('refused'), { status, response: { data: parseJson(await text(data)) } });
    },
    async sign(key, span) {
      // Without a file the SDK finds out who it is.
      if (credentials && !email)
        throw new BowlineError(
          'Unsupported',
          `sign gs://${bucket}/${key}: credentialsFile has no key, and no serviceAccount is configured`,
        );
      const [url] = await storage
        .bucket(bucket)
        .file(key)
        .getSignedUrl({ version: 'v4', action: 'read', ...span });
      return url;
    },
  };
}
