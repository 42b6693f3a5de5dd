import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fakeGcsServer } from '../../support/servers.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

/** The e-mail address of the service account whose key the tests have. */
export const signer = 'backup@acme.iam.gserviceaccount.com';

/** What a location's configuration needs to open an empty bucket of the run's Cloud Storage server. */
export async function gcpBucket(): Promise<Record<string, string>> {
  const { endpoint, createBucket } = await fakeGcsServer();
  const bucket = `bucket-${randomUUID()}`;
  await createBucket(bucket);
  return { bucket, storeEndpoint: endpoint, credentialsFile: keyFile() };
}

/** The key file of a service account. */
export function keyFile(changes: Readonly<Record<string, unknown>> = {}): string {
  const key = {
    type: 'service_account',
    project_id: 'acme',
    client_email: signer,
    private_key: privateKey,
    private_key_id: 'k1',
    ...changes,
  };
  const file = join(temporaryFolder(), 'key.json');
  writeFileSync(file, JSON.stringify(key));
  return file;
}
