import type { EC2Client } from '@aws-sdk/client-ec2';
import { awsFileCredentials } from '../aws-credentials.ts';
import { checkKeys, type ConfigKeys } from '../config-keys.ts';
import { urlProblems, type ConfigTexts } from '../config-values.ts';
import { trusted } from '../object-stores/trust.ts';

/** The SDK's module, and a client made with a location's configuration. */
export interface Ec2Clients {
  readonly ec2: typeof import('@aws-sdk/client-ec2');
  readonly client: EC2Client;
  /** Sends each request once. What has no token of its own and lost its answer would have its effect twice. */
  readonly creating: EC2Client;
  /** Encrypts every volume made. Default: as its snapshot. */
  readonly kmsKeyId?: string;
  /** Whose volumes those that are made become, in tags of Kubernetes' old provider. */
  readonly clusterName?: string;
}

/** The settings of the `aws` volume snapshotter. Source: velero-plugin-for-aws `volume_snapshotter.go`. */
export const ec2Keys: ConfigKeys = {
  required: ['region'],
  optional: ['profile', 'credentialsFile', 'enableSharedConfig', 'ebsKmsKeyId', 'clusterName', 'ec2Url'],
};

/** A server that takes no connection is given up, and a request without an answer. */
const [connectionTimeout, requestTimeout] = [10_000, 60_000];

/**
 * Loads the SDK, which only this provider needs, and makes its client. Credentials come from `credentialsFile` (a shared
 * credentials file, and `profile` in it) or from the SDK's own chain. `enableSharedConfig` has no effect, as with Velero.
 *
 * @throws BowlineError `InvalidConfig` with all problems
 */
export async function openEc2Clients(config: ConfigTexts): Promise<Ec2Clients> {
  checkKeys('aws volume snapshotter', config, ec2Keys, urlProblems(config, ['ec2Url']));
  const { region = '', profile, credentialsFile, ebsKmsKeyId, clusterName, ec2Url, caCert } = config;
  const ec2 = await import('@aws-sdk/client-ec2');
  const tls = caCert ? { ca: trusted(caCert) } : {};
  const common = {
    region,
    requestHandler: {
      connectionTimeout,
      requestTimeout,
      throwOnRequestTimeout: true,
      httpsAgent: { maxSockets: 64, ...tls },
      httpAgent: { maxSockets: 64 },
    },
    ...(ec2Url && { endpoint: ec2Url }),
    ...(credentialsFile && { credentials: await awsFileCredentials(credentialsFile, profile) }),
    ...(!credentialsFile && profile && { profile }),
  };
  return {
    ec2,
    client: new ec2.EC2Client(common),
    creating: new ec2.EC2Client({ ...common, maxAttempts: 1 }),
    ...(ebsKmsKeyId && { kmsKeyId: ebsKmsKeyId }),
    ...(clusterName && { clusterName }),
  };
}
