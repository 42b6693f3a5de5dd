import { errorCode } from '../../api/errors.ts';
import type { CallOptions, PendingUpload } from '../object-store.ts';
import { attempts } from './attempt.ts';
import type { AwsClients } from './aws-client.ts';
import { awsError } from './aws-errors.ts';

const attempt = attempts(awsError);

/** Where multipart uploads are looked for. */
export interface AwsUploadsPlace extends Pick<AwsClients, 'client' | 's3'> {
  readonly bucket: string;
  /** For messages. */
  readonly url: string;
}

/** Multipart uploads that were neither completed nor aborted. Source: S3 `ListMultipartUploads`. */
export async function* pendingUploads(
  { client, s3, bucket, url }: AwsUploadsPlace,
  prefix: string,
  options: CallOptions,
): AsyncIterable<PendingUpload> {
  let marker = {};
  for (let more = true; more;) {
    const command = new s3.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker });
    const page = await attempt(`list uploads of ${url}/${prefix}`, options, (sent) => client.send(command, sent));
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (!Key?.startsWith(prefix) || !UploadId || !Initiated) continue;
      yield { uploadId: UploadId, key: Key, startedAt: Initiated.toISOString() };
    }
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    more = page.IsTruncated === true && KeyMarker !== undefined;
    marker = { KeyMarker, ...(UploadIdMarker !== undefined && { UploadIdMarker }) };
  }
}

/** Aborts one of them. */
export async function abortUpload(
  { client, s3, bucket, url }: AwsUploadsPlace,
  { key = '', uploadId }: PendingUpload,
  options: CallOptions,
): Promise<void> {
  const command = new s3.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId });
  await attempt(`end an upload of ${url}/${key}`, options, (sent) => client.send(command, sent)).catch(
    (error: unknown) => {
      if (errorCode(error) !== 'NotFound') throw error;
    },
  );
}
