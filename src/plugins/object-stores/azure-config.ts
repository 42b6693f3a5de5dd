import { checkKeys, type ConfigKeys } from '../config-keys.ts';
import { booleanProblems, isTrue, urlProblems, type ConfigTexts } from '../config-values.ts';
import { readAzureCredentials, type AzureCredentials } from '../azure-credentials.ts';
import { trusted } from './trust.ts';

/** The settings of the `azure` object store. Source: velero-plugin-for-microsoft-azure `velero-plugin-for-microsoft-azure/object_store.go`. */
export const azureKeys: ConfigKeys = {
  required: ['bucket', 'storageAccount'],
  optional: [
    'resourceGroup',
    'subscriptionId',
    'storageAccountKeyEnvVar',
    'storageAccountURI',
    'blockSizeInBytes',
    'useAAD',
    'activeDirectoryAuthorityURI',
    'apiVersion',
    'credentialsFile',
  ],
};

/** By what requests are let in: the account's key, given or to be looked up, or a token. */
export type AzureAccess =
  | { readonly kind: 'key'; readonly accountKey: string }
  | { readonly kind: 'token' }
  | { readonly kind: 'lookup'; readonly subscription: string; readonly resourceGroup: string };

/** A location's configuration, checked. */
export interface AzureSettings {
  readonly account: string;
  readonly container: string;
  /** Without a slash at its end. */
  readonly accountUrl: string;
  readonly access: AzureAccess;
  readonly credentials: AzureCredentials;
  readonly authority: string | undefined;
  readonly blockBytes: number;
  readonly apiVersion: string | undefined;
  readonly tlsOptions: object;
}

/** Differs from Velero: not 1 MiB, because 50,000 blocks of that end at 48.8 GiB. */
const usualBlockBytes = 4 * 1_048_576;
const largestBlockBytes = 100 * 1_048_576;

/** Checks the configuration and reads the credentials. @throws BowlineError `InvalidConfig` with all problems */
export async function readAzureConfig(config: ConfigTexts): Promise<AzureSettings> {
  const { storageAccount = '', storageAccountURI, activeDirectoryAuthorityURI, blockSizeInBytes, apiVersion } = config;
  const credentials = await readAzureCredentials(config['credentialsFile']);
  const blockBytes = blockSizeInBytes === undefined ? usualBlockBytes : Number(blockSizeInBytes);
  const { access, problems } = accessOf(config, credentials);
  checkKeys('azure object store', config, azureKeys, [
    ...urlProblems(config, ['storageAccountURI', 'activeDirectoryAuthorityURI']),
    ...booleanProblems(config, ['useAAD']),
    ...(Number.isInteger(blockBytes) && blockBytes >= 1 && blockBytes <= largestBlockBytes
      ? []
      : [`blockSizeInBytes: expected 1 to ${largestBlockBytes}, got ${blockSizeInBytes}`]),
    ...(!apiVersion || /^\d{4}-\d\d-\d\d$/.test(apiVersion)
      ? []
      : [`apiVersion: expected a date such as 2021-12-02, got ${apiVersion}`]),
    ...credentials.problems,
    ...(credentials.problems.length === 0 ? problems : []),
  ]);
  return {
    account: storageAccount,
    container: config['bucket'] ?? '',
    accountUrl: (storageAccountURI || `https://${storageAccount}.${credentials.cloud.blobSuffix}`).replace(/\/+$/, ''),
    access,
    credentials,
    authority: activeDirectoryAuthorityURI,
    blockBytes,
    apiVersion: apiVersion || undefined,
    tlsOptions: config['caCert'] ? { ca: trusted(config['caCert']) } : {},
  };
}

function accessOf(
  config: ConfigTexts,
  { values }: AzureCredentials,
): { readonly access: AzureAccess; readonly problems: readonly string[] } {
  const { storageAccountKeyEnvVar: entry, useAAD } = config;
  if (entry) {
    const accountKey = values[entry] ?? '';
    const problems = accountKey ? [] : [`storageAccountKeyEnvVar: credentialsFile has no entry ${entry}`];
    return { access: { kind: 'key', accountKey }, problems };
  }
  if (isTrue(useAAD)) return { access: { kind: 'token' }, problems: [] };
  const subscription = config['subscriptionId'] || values['AZURE_SUBSCRIPTION_ID'] || '';
  const resourceGroup = config['resourceGroup'] || values['AZURE_RESOURCE_GROUP'] || '';
  const missing = [
    ...(subscription ? [] : ['subscriptionId (or AZURE_SUBSCRIPTION_ID in credentialsFile)']),
    ...(resourceGroup ? [] : ['resourceGroup (or AZURE_RESOURCE_GROUP in credentialsFile)']),
  ];
  const lacks = `to look up the account's key, config lacks ${missing.join(' and ')}; or set storageAccountKeyEnvVar or useAAD`;
  const unclear = booleanProblems(config, ['useAAD']).length > 0;
  const problems = missing.length > 0 && !unclear ? [lacks] : [];
  return { access: { kind: 'lookup', subscription, resourceGroup }, problems };
}
