import { readFile } from 'node:fs/promises';
import { checkKeys, type ConfigKeys } from '../config-keys.ts';
import { booleanProblems, choiceProblems, urlProblems, type ConfigTexts } from '../config-values.ts';
import { systemCode } from '../file-system-errors.ts';

/** The settings of the `aws` object store. Source: velero-plugin-for-aws `velero-plugin-for-aws/object_store.go`. */
export const awsKeys: ConfigKeys = {
  required: ['bucket'],
  optional: [
    'region',
    's3Url',
    'publicUrl',
    's3ForcePathStyle',
    'insecureSkipTLSVerify',
    'signatureVersion',
    'credentialsFile',
    'profile',
    'enableSharedConfig',
    'kmsKeyId',
    'serverSideEncryption',
    'customerKeyEncryptionFile',
    'customerKeyEncryptionSecret',
    'tagging',
    'checksumAlgorithm',
  ],
};

/** The checksums that objects can be written with. */
export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;

const customerKeyBytes = 32;

/** What goes along with requests for objects, in the SDK's words. */
export interface ObjectHeaders {
  /** With every write. */
  readonly put: {
    readonly ServerSideEncryption?: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
    readonly SSEKMSKeyId?: string;
    readonly SSECustomerAlgorithm?: string;
    readonly SSECustomerKey?: string;
    readonly Tagging?: string;
    readonly ChecksumAlgorithm?: (typeof checksumAlgorithms)[number];
    readonly ChecksumType?: 'FULL_OBJECT';
  };
  /** With every read. */
  readonly get: { readonly SSECustomerAlgorithm?: string; readonly SSECustomerKey?: string };
}

/**
 * Checks the configuration and reads the files that it names, but for credentials.
 *
 * @throws BowlineError `InvalidConfig` with all problems
 */
export async function readObjectHeaders(config: ConfigTexts): Promise<ObjectHeaders> {
  const { kmsKeyId, serverSideEncryption, customerKeyEncryptionFile, tagging, checksumAlgorithm = 'CRC32' } = config;
  const key = customerKeyEncryptionFile ? await customerKey(customerKeyEncryptionFile) : { problems: [] };
  checkKeys('aws object store', config, awsKeys, [
    ...urlProblems(config, ['s3Url', 'publicUrl']),
    ...booleanProblems(config, ['s3ForcePathStyle', 'insecureSkipTLSVerify', 'enableSharedConfig']),
    ...choiceProblems(config, 'signatureVersion', ['4']),
    ...choiceProblems(config, 'serverSideEncryption', ['', 'AES256', 'aws:kms', 'aws:kms:dsse']),
    ...choiceProblems(config, 'checksumAlgorithm', [...checksumAlgorithms, '']),
    ...encryptionProblems(config),
    ...taggingProblems(tagging),
    ...key.problems,
  ]);
  const customer = key.base64 ? { SSECustomerAlgorithm: 'AES256', SSECustomerKey: key.base64 } : {};
  return {
    put: {
      ...customer,
      ...(kmsKeyId && { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKeyId }),
      ...(!kmsKeyId &&
        !key.base64 &&
        serverSideEncryption && { ServerSideEncryption: serverSideEncryption as 'AES256' }),
      ...(tagging && { Tagging: tagging }),
      ...(checksumAlgorithm && { ChecksumAlgorithm: checksumAlgorithm as 'CRC32' }),
      // Else that of a multipart upload is a checksum of its parts' checksums, which says nothing of the whole.
      ...(checksumAlgorithm === 'CRC32' && { ChecksumType: 'FULL_OBJECT' }),
    },
    get: customer,
  };
}

function encryptionProblems(config: ConfigTexts): string[] {
  const keys = ['kmsKeyId', 'customerKeyEncryptionFile', 'customerKeyEncryptionSecret'].filter((key) => config[key]);
  return [
    ...(keys.length > 1 ? [`expected one of ${keys.join(', ')}`] : []),
    // A store knows no Kubernetes.
    ...(config['customerKeyEncryptionSecret']
      ? ['customerKeyEncryptionSecret: not read here; mount the Secret and name its file in customerKeyEncryptionFile']
      : []),
  ];
}

/** What S3 takes. Differs from Velero: a single tag is fine, because S3 takes one too. */
function taggingProblems(tagging: string | undefined): string[] {
  if (!tagging) return [];
  const tags = tagging.split('&').map((tag) => tag.split('='));
  const fits = ([key = '', value, ...others]: string[]): boolean =>
    value !== undefined && others.length === 0 && key !== '' && key.length <= 128 && value.length <= 256;
  return tags.length <= 10 && tags.every(fits)
    ? []
    : ['tagging: expected k=v&k2=v2, at most 10 of at most 128 and 256 characters'];
}

async function customerKey(file: string): Promise<{ readonly base64?: string; readonly problems: readonly string[] }> {
  try {
    const key = await readFile(file);
    if (key.length === customerKeyBytes) return { base64: key.toString('base64'), problems: [] };
    return { problems: [`customerKeyEncryptionFile: expected ${customerKeyBytes} bytes, ${file} has ${key.length}`] };
  } catch (error) {
    return { problems: [`customerKeyEncryptionFile: read ${file}: ${systemCode(error)}`] };
  }
}
