import type { S3Client } from '@aws-sdk/client-s3';
import { BowlineError } from '../../api/errors.ts';
import { checkKeys } from '../config-keys.ts';

/** The SDK's modules, and clients made with a location's configuration. */
export interface AwsClients {
  readonly s3: typeof import('@aws-sdk/client-s3');
  readonly storage: typeof import('@aws-sdk/lib-storage');
  readonly presigner: typeof import('@aws-sdk/s3-request-presigner');
  readonly client: S3Client;
  /** Signs for another endpoint, where `publicUrl` names one. */
  readonly signing: S3Client;
  readonly checksum: { readonly ChecksumAlgorithm?: (typeof checksums)[number] };
}

const optional = [
  'region',
  's3Url',
  'publicUrl',
  's3ForcePathStyle',
  'credentialsFile',
  'profile',
  'checksumAlgorithm',
  'insecureSkipTLSVerify',
];
const checksums = ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const;

/**
 * Loads the SDK, which only this provider needs, and makes its clients. Credentials come from `credentialsFile` (a shared
 * credentials file, and `profile` in it) or from the SDK's own chain. @throws BowlineError `InvalidConfig` with all problems
 */
export async function openAwsClients(config: Readonly<Record<string, string>>): Promise<AwsClients> {
  checkKeys('aws object store', config, { required: ['bucket'], optional });
  const { region, s3Url, publicUrl, checksumAlgorithm = 'CRC32', credentialsFile, profile, caCert } = config;
  const problems = [
    ...[['s3Url', s3Url] as const, ['publicUrl', publicUrl] as const]
      .filter(([, url]) => url !== undefined && !/^https?:\/\//.test(url))
      .map(([key, url]) => `${key}: expected http://… or https://…, got ${url}`),
    ...booleanProblems(config, ['s3ForcePathStyle', 'insecureSkipTLSVerify']),
    ...(checksumAlgorithm === '' || checksums.some((known) => known === checksumAlgorithm)
      ? []
      : [`checksumAlgorithm: expected one of ${checksums.join(', ')} or "", got ${checksumAlgorithm}`]),
  ];
  if (problems.length > 0) throw new BowlineError('InvalidConfig', `aws object store: ${problems.join('; ')}`);

  const [s3, storage, presigner] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
    import('@aws-sdk/s3-request-presigner'),
  ]);
  const tls = {
    ...(caCert && { ca: pemOf(caCert) }),
    ...(isTrue(config['insecureSkipTLSVerify']) && { rejectUnauthorized: false }),
  };
  const common = {
    ...(region !== undefined && { region }),
    ...(region === undefined && s3Url !== undefined && { region: 'us-east-1' }),
    forcePathStyle: isTrue(config['s3ForcePathStyle']),
    // Only where an operation demands it: stores that merely speak S3 refuse checksums they do not know.
    requestChecksumCalculation: 'WHEN_REQUIRED' as const,
    responseChecksumValidation: 'WHEN_REQUIRED' as const,
    requestHandler: { httpsAgent: { maxSockets: 64, ...tls }, httpAgent: { maxSockets: 64 } },
    ...(credentialsFile !== undefined && { credentials: await fromFile(credentialsFile, profile) }),
    ...(credentialsFile === undefined && profile !== undefined && { profile }),
  };
  const client = new s3.S3Client({ ...common, ...(s3Url !== undefined && { endpoint: s3Url }) });
  const publicEndpoint = publicUrl ?? s3Url;
  return {
    s3,
    storage,
    presigner,
    client,
    signing: new s3.S3Client({ ...common, ...(publicEndpoint !== undefined && { endpoint: publicEndpoint }) }),
    checksum: checksumAlgorithm === '' ? {} : { ChecksumAlgorithm: checksumAlgorithm as (typeof checksums)[number] },
  };
}

/** A certificate as TLS takes it: as it is, or decoded from the Base64 that Velero's locations hold. */
export function pemOf(caCert: string): string {
  return caCert.includes('-----BEGIN') ? caCert : Buffer.from(caCert, 'base64').toString('utf8');
}

/** Reads keys of an INI file in AWS' shared format. The SDK's own reader takes roles and processes too, from the variables. */
async function fromFile(filepath: string, profile: string | undefined) {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  return fromIni({ filepath, configFilepath: filepath, ...(profile !== undefined && { profile }) });
}

/** The texts that Go's ParseBool takes. */
const trueTexts = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const falseTexts = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

function isTrue(text: string | undefined): boolean {
  return text !== undefined && trueTexts.includes(text);
}

function booleanProblems(config: Readonly<Record<string, string>>, keys: readonly string[]): string[] {
  return keys
    .filter((key) => config[key] !== undefined && ![...trueTexts, ...falseTexts].includes(config[key]))
    .map((key) => `${key}: expected true or false, got ${config[key]}`);
}
