import assert from 'node:assert/strict';
import { DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetObjectLockConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { motoServer } from '../../support/servers.ts';

describe('moto', () => {
  it('serves EC2 and S3, with buckets that lock their objects', async () => {
    const { endpoint, region, accessKeyId, secretAccessKey, createBucket } = await motoServer();
    const common = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
    await createBucket('moto-test-locked', { locked: true });
    const s3 = new S3Client({ ...common, forcePathStyle: true });
    const { ObjectLockConfiguration } = await s3.send(
      new GetObjectLockConfigurationCommand({ Bucket: 'moto-test-locked' }),
    );
    assert.equal(ObjectLockConfiguration?.ObjectLockEnabled, 'Enabled');
    assert.ok((await new EC2Client(common).send(new DescribeVolumesCommand({}))).Volumes);
  });

  it('tells why it makes no bucket', async () => {
    const { createBucket } = await motoServer();
    await assert.rejects(createBucket('x'), /create bucket x: 400 .*InvalidBucketName/s);
  });
});
