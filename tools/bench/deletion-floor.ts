import { DeleteObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { Config } from '../../src/api/config.ts';
import { openAwsClients } from '../../src/plugins/object-stores/aws-client.ts';
import type { Floor } from './backup-floor.ts';

/** Deletes a backup by hand: one list of its keys, and all requests to delete at once. */
export async function deletionFloor(config: Config, backup: string): Promise<Floor> {
  const { objectStorage, config: settings = {} } = config.backupStorageLocations[0]!;
  const { client } = await openAwsClients({ ...settings, bucket: objectStorage.bucket });
  const startedAt = performance.now();
  const objects = await deleteAll(client, { Bucket: objectStorage.bucket, Prefix: `backups/${backup}/` });
  return {
    items: objects.length,
    seconds: (performance.now() - startedAt) / 1_000,
    bytes: objects.reduce((a, b) => a + b, 0),
  };
}

async function deleteAll(client: S3Client, { Bucket, Prefix }: { Bucket: string; Prefix: string }): Promise<number[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
  await Promise.all(Contents.map(({ Key }) => client.send(new DeleteObjectCommand({ Bucket, Key }))));
  return Contents.map(({ Size = 0 }) => Size);
}
