import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { s3Server } from '../../support/servers.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** What a location's configuration needs to open an empty bucket of the run's S3 server. */
export async function s3Bucket(): Promise<Record<string, string>> {
  const server = await s3Server();
  const bucket = `bucket-${randomUUID()}`;
  server.createBucket(bucket);
  return {
    bucket,
    s3Url: server.endpoint,
    s3ForcePathStyle: 'true',
    region: server.region,
    credentialsFile: credentialsFile(server),
  };
}

/** A file in AWS' shared format. */
export function credentialsFile(keys: { readonly accessKeyId: string; readonly secretAccessKey: string }): string {
  const file = join(temporaryFolder(), 'credentials');
  writeFileSync(
    file,
    `[default]\naws_access_key_id=${keys.accessKeyId}\naws_secret_access_key=${keys.secretAccessKey}\n`,
  );
  return file;
}
