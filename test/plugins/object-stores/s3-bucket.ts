import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { motoServer, s3Server } from '../../support/servers.ts';
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

/** The same for the run's moto, which knows more of S3, though not of who asks. */
export async function motoBucket(options: { readonly locked?: boolean } = {}): Promise<Record<string, string>> {
  const server = await motoServer();
  const bucket = `bucket-${randomUUID()}`;
  await server.createBucket(bucket, options);
  return {
    bucket,
    s3Url: server.endpoint,
    s3ForcePathStyle: 'true',
    region: server.region,
    credentialsFile: credentialsFile(server),
  };
}

/** A file in AWS' shared format. */
export function credentialsFile(keys: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}): string {
  const file = join(temporaryFolder(), 'credentials');
  const lines = [`aws_access_key_id=${keys.accessKeyId}`, `aws_secret_access_key=${keys.secretAccessKey}`];
  if (keys.sessionToken !== undefined) lines.push(`aws_session_token=${keys.sessionToken}`);
  writeFileSync(file, `[default]\n${lines.join('\n')}\n`);
  return file;
}
