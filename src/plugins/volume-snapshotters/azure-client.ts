import type { ComputeManagementClient } from '@azure/arm-compute';
import { parseGoDuration } from '../../api/duration.ts';
import { azureTokens, readAzureCredentials } from '../azure-credentials.ts';
import { checkKeys, type ConfigKeys } from '../config-keys.ts';
import { booleanProblems, isTrue, type ConfigTexts } from '../config-values.ts';
import { trusted } from '../object-stores/trust.ts';
import type { AzureScope } from './azure-volumes.ts';

/** What a location's configuration comes to. */
export interface AzureClients {
  /** The client for a subscription. */
  readonly compute: (subscriptionId: string) => ComputeManagementClient;
  /** Where the disks lie, and where the snapshots. */
  readonly disks: AzureScope;
  readonly snapshots: AzureScope;
  /** Whether snapshots hold only what changed since the last one. Default: Azure's. */
  readonly incremental?: boolean;
  /** On every snapshot. */
  readonly tags: Readonly<Record<string, string>>;
  /** How long one call may take. */
  readonly timeoutMs: number;
}

/** The settings of the `azure` volume snapshotter. Source: velero-plugin-for-microsoft-azure `volume_snapshotter.go`. */
export const azureDiskKeys: ConfigKeys = {
  required: ['credentialsFile'],
  optional: [
    'resourceGroup',
    'subscriptionId',
    'apiTimeout',
    'incremental',
    'tags',
    'resourceManagerUrl',
    'activeDirectoryAuthorityURI',
  ],
};

/**
 * Loads the SDK, which only this provider needs, and makes its clients. The subscription and the resource group of the disks,
 * and who asks, come from `credentialsFile`, in the form of Velero's. @throws BowlineError `InvalidConfig` with all problems
 */
export async function openAzureClients(config: ConfigTexts): Promise<AzureClients> {
  const { apiTimeout = '2m0s', incremental, tags = '', credentialsFile = '', caCert } = config;
  const credentials = await readAzureCredentials(credentialsFile);
  const { AZURE_SUBSCRIPTION_ID: subscriptionId = '', AZURE_RESOURCE_GROUP: resourceGroup = '' } = credentials.values;
  const timeoutMs = parseGoDuration(apiTimeout) ?? 0;
  checkKeys('azure volume snapshotter', config, azureDiskKeys, [
    ...credentials.problems,
    ...(credentialsFile === '' || credentials.problems.length > 0
      ? []
      : missingProblems(credentialsFile, credentials.values)),
    ...(timeoutMs > 0 ? [] : [`apiTimeout: expected a duration such as 2m0s, got ${apiTimeout}`]),
    ...booleanProblems(config, ['incremental']),
    ...tagProblems(tags),
    ...['resourceManagerUrl', 'activeDirectoryAuthorityURI']
      .filter((key) => config[key] && !config[key].startsWith('https://'))
      .map((key) => `${key}: expected https://…, got ${config[key]}`),
  ]);

  const endpoint = config['resourceManagerUrl'] || credentials.cloud.management;
  const tlsOptions = caCert ? { ca: trusted(caCert) } : {};
  const credential = await azureTokens(credentials, { authority: config['activeDirectoryAuthorityURI'], tlsOptions });
  const { ComputeManagementClient } = await import('@azure/arm-compute');
  const clients = new Map<string, ComputeManagementClient>();
  return {
    compute(subscription) {
      let client = clients.get(subscription);
      if (client === undefined) {
        client = new ComputeManagementClient(credential, subscription, {
          endpoint,
          credentials: { scopes: [`${endpoint}/.default`] },
          // Temporal repeats, and keeps no worker waiting meanwhile.
          retryOptions: { maxRetries: 0 },
          tlsOptions,
        });
        clients.set(subscription, client);
      }
      return client;
    },
    disks: { subscriptionId, resourceGroup },
    snapshots: {
      subscriptionId: config['subscriptionId'] || subscriptionId,
      resourceGroup: config['resourceGroup'] || resourceGroup,
    },
    ...(incremental !== undefined && { incremental: isTrue(incremental) }),
    tags: parseTags(tags),
    timeoutMs,
  };
}

function missingProblems(file: string, values: ConfigTexts): string[] {
  const missing = ['AZURE_SUBSCRIPTION_ID', 'AZURE_RESOURCE_GROUP'].filter((key) => !values[key]);
  return missing.length > 0 ? [`credentialsFile: ${file} lacks ${missing.join(' and ')}`] : [];
}

function parseTags(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()]),
  );
}

function tagProblems(text: string): string[] {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return pairs.flatMap((pair) => {
    if (!/^\s*[^=<>%&\\?/]+=[^=]*$/.test(pair)) return [`tags: expected k=v,k2=v2, got ${pair}`];
    return pair.trim().startsWith('velero.io')
      ? [`tags: ${pair} would stand for something else; velero.io is ours`]
      : [];
  });
}
