import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import type { TokenCredential } from '@azure/identity';
import { systemCode } from './file-system-errors.ts';

/** Where a cloud of Azure listens. */
export interface AzureCloud {
  readonly resourceManager: string;
  readonly authority: string;
}

const publicCloud: AzureCloud = {
  resourceManager: 'https://management.azure.com',
  authority: 'https://login.microsoftonline.com',
};
const chinaCloud: AzureCloud = {
  resourceManager: 'https://management.chinacloudapi.cn',
  authority: 'https://login.chinacloudapi.cn',
};
const governmentCloud: AzureCloud = {
  resourceManager: 'https://management.usgovcloudapi.net',
  authority: 'https://login.microsoftonline.us',
};
/** The clouds, by the names that `AZURE_CLOUD_NAME` may have. */
export const azureClouds: Readonly<Record<string, AzureCloud>> = {
  AzureCloud: publicCloud,
  AzurePublicCloud: publicCloud,
  AzureChinaCloud: chinaCloud,
  AzureUSGovernment: governmentCloud,
  AzureUSGovernmentCloud: governmentCloud,
};

/** What a credentials file of Velero's holds. */
export type AzureVariables = Readonly<Record<string, string | undefined>>;

const needed = ['AZURE_SUBSCRIPTION_ID', 'AZURE_RESOURCE_GROUP'];

/** Reads a credentials file, and tells what is wrong with it, never what is in it. */
export async function readAzureCredentials(
  path: string,
): Promise<{ readonly variables: AzureVariables; readonly problems: readonly string[] }> {
  let variables: AzureVariables;
  try {
    variables = parseEnv(await readFile(path, 'utf8'));
  } catch (error) {
    return { variables: {}, problems: [`credentialsFile: read ${path}: ${systemCode(error)}`] };
  }
  const missing = needed.filter((key) => !variables[key]);
  return { variables, problems: missing.length > 0 ? [`credentialsFile: ${path} lacks ${missing.join(' and ')}`] : [] };
}

interface CredentialOptions {
  /** Where tokens come from. */
  readonly authorityHost: string;
  readonly tlsOptions?: { readonly ca: string[] };
}

/** Who asks: a service principal that the file names, by secret or certificate, or else the pod's or the machine's own identity. */
export async function openAzureCredential(
  variables: AzureVariables,
  options: CredentialOptions,
): Promise<TokenCredential> {
  const identity = await import('@azure/identity');
  const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: secret } = variables;
  const allowed = {
    ...options,
    additionallyAllowedTenants: (variables['AZURE_ADDITIONALLY_ALLOWED_TENANTS'] ?? '').split(';').filter(Boolean),
    // Azure's directory of hosts knows its own ones only.
    disableInstanceDiscovery: !Object.values(azureClouds).some(({ authority }) => authority === options.authorityHost),
  };
  if (tenantId && clientId && secret) return new identity.ClientSecretCredential(tenantId, clientId, secret, allowed);

  const { AZURE_CLIENT_CERTIFICATE: certificate, AZURE_CLIENT_CERTIFICATE_PATH: certificatePath } = variables;
  const certificatePassword = variables['AZURE_CLIENT_CERTIFICATE_PASSWORD'];
  const password = certificatePassword === undefined ? {} : { certificatePassword };
  const sendCertificateChain = variables['AZURE_CLIENT_SEND_CERTIFICATE_CHAIN'] === 'true';
  const byCertificate = { ...allowed, sendCertificateChain };
  if (tenantId && clientId && certificate)
    return new identity.ClientCertificateCredential(tenantId, clientId, { certificate, ...password }, byCertificate);
  if (tenantId && clientId && certificatePath)
    return new identity.ClientCertificateCredential(
      tenantId,
      clientId,
      { certificatePath, ...password },
      byCertificate,
    );

  const managed = new identity.ManagedIdentityCredential(clientId ? { clientId } : {});
  try {
    const ids = { ...(tenantId && { tenantId }), ...(clientId && { clientId }) };
    return new identity.ChainedTokenCredential(
      new identity.WorkloadIdentityCredential({ ...allowed, ...ids }),
      managed,
    );
  } catch {
    // No token of a workload's identity is mounted here.
    return managed;
  }
}
