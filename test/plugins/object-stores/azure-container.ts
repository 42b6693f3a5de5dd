import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { AzuriteServer } from '../../../tools/stack/azurite.ts';
import { azuriteServer } from '../../support/servers.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** What a location's configuration needs to open an empty container of the run's Azure Blob server. */
export async function azureContainer(): Promise<Record<string, string>> {
  const server = await azuriteServer();
  const bucket = `container-${randomUUID()}`;
  await serviceClient(server).createContainer(bucket);
  return {
    bucket,
    storageAccount: server.account,
    storageAccountURI: server.accountUrl,
    storageAccountKeyEnvVar: 'THE_KEY',
    credentialsFile: credentialsFile({ THE_KEY: server.accountKey }),
  };
}

/** The account itself, with all rights. */
export function serviceClient(
  { account, accountKey, accountUrl }: AzuriteServer,
  tlsOptions: { readonly ca?: string } = {},
): BlobServiceClient {
  const options: object = { tlsOptions };
  return new BlobServiceClient(accountUrl, new StorageSharedKeyCredential(account, accountKey), options);
}

/** A credentials file as Velero's plugin reads it. */
export function credentialsFile(values: Readonly<Record<string, string>>): string {
  const file = join(temporaryFolder(), 'credentials');
  writeFileSync(
    file,
    Object.entries(values)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return file;
}
