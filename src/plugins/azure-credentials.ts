import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import type { TokenCredential } from '@azure/identity';
import { systemCode } from './file-system-errors.ts';

/** Where a cloud of Azure is. */
export interface AzureCloud {
  readonly authority: string;
  /** Azure Resource Manager. */
  readonly management: string;
  /** What follows an account's name in the host of its blobs. */
  readonly blobSuffix: string;
}

const publicCloud: AzureCloud = {
  authority: 'https://login.microsoftonline.com',
  management: 'https://management.azure.com',
  blobSuffix: 'blob.core.windows.net',
};
const chinaCloud: AzureCloud = {
  authority: 'https://login.chinacloudapi.cn',
  management: 'https://management.chinacloudapi.cn',
  blobSuffix: 'blob.core.chinacloudapi.cn',
};
const governmentCloud: AzureCloud = {
  authority: 'https://login.microsoftonline.us',
  management: 'https://management.usgovcloudapi.net',
  blobSuffix: 'blob.core.usgovcloudapi.net',
};
const clouds: Readonly<Record<string, AzureCloud>> = {
  AzureCloud: publicCloud,
  AzurePublicCloud: publicCloud,
  AzureChinaCloud: chinaCloud,
  AzureUSGovernment: governmentCloud,
  AzureUSGovernmentCloud: governmentCloud,
};

/** What a credentials file says, and what is wrong with it. */
export interface AzureCredentials {
  /** By name, such as `AZURE_TENANT_ID`. None where there is no file. */
  readonly values: Readonly<Record<string, string>>;
  readonly cloud: AzureCloud;
  readonly problems: readonly string[];
}

/** Reads a file of lines such as `AZURE_TENANT_ID=…`. Source: velero-plugin-for-microsoft-azure `velero-plugin-for-microsoft-azure/config.go`. */
export async function readAzureCredentials(file: string | undefined): Promise<AzureCredentials> {
  if (!file) return { values: {}, cloud: publicCloud, problems: [] };
  try {
    const values = parseEnv(await readFile(file, 'utf8')) as Record<string, string>;
    const name = values['AZURE_CLOUD_NAME'] || 'AzureCloud';
    const cloud = Object.hasOwn(clouds, name) ? clouds[name] : undefined;
    if (cloud) return { values, cloud, problems: [] };
    const expected = Object.keys(clouds).join(', ');
    return { values, cloud: publicCloud, problems: [`AZURE_CLOUD_NAME in ${file}: expected ${expected}, got ${name}`] };
  } catch (error) {
    return { values: {}, cloud: publicCloud, problems: [`credentialsFile: read ${file}: ${systemCode(error)}`] };
  }
}

/** How tokens are asked for, beyond what the credentials say. */
export interface TokenOptions {
  /** Default: the cloud's own. */
  readonly authority: string | undefined;
  readonly tlsOptions: object;
}

/**
 * Makes what asks for tokens, with the secret, certificate or password of the credentials; else with what the SDK finds, such as
 * the identity of the workload or of the machine. Loads the SDK. Nothing is asked yet.
 */
export async function azureTokens(
  { values, cloud }: AzureCredentials,
  { authority, tlsOptions }: TokenOptions,
): Promise<TokenCredential> {
  const identity = await import('@azure/identity');
  const tenants = (values['AZURE_ADDITIONALLY_ALLOWED_TENANTS'] ?? '').split(';').filter(Boolean);
  const options = {
    authorityHost: authority || cloud.authority,
    // An authority that the configuration names is trusted; only Microsoft's own are known to the discovery.
    disableInstanceDiscovery: Boolean(authority),
    additionallyAllowedTenants: tenants,
    sendCertificateChain: /^(1|true)$/i.test(values['AZURE_CLIENT_SEND_CERTIFICATE_CHAIN'] ?? ''),
    tlsOptions,
  };
  const {
    AZURE_TENANT_ID: tenant = '',
    AZURE_CLIENT_ID: client = '',
    AZURE_CLIENT_SECRET: secret,
    AZURE_CLIENT_CERTIFICATE: certificate,
    AZURE_CLIENT_CERTIFICATE_PATH: certificatePath,
    AZURE_CLIENT_CERTIFICATE_PASSWORD: certificatePassword,
    AZURE_USERNAME: user,
    AZURE_PASSWORD: password,
  } = values;
  if (secret) return new identity.ClientSecretCredential(tenant, client, secret, options);
  const unlock = certificatePassword ? { certificatePassword } : {};
  if (certificate) return new identity.ClientCertificateCredential(tenant, client, { certificate, ...unlock }, options);
  if (certificatePath)
    return new identity.ClientCertificateCredential(tenant, client, { certificatePath, ...unlock }, options);
  if (user && password) return new identity.UsernamePasswordCredential(tenant, client, user, password, options);
  return new identity.DefaultAzureCredential({
    ...options,
    ...(tenant && { tenantId: tenant }),
    ...(client && { managedIdentityClientId: client, workloadIdentityClientId: client }),
  });
}
