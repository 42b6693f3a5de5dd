import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAwsClients } from '../../../src/plugins/object-stores/aws-client.ts';
import { recordingServer } from '../../support/recording-server.ts';
import { motoServer } from '../../support/servers.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { credentialsFile } from './s3-bucket.ts';

const s3Url = 'http://127.0.0.1:9000';
const keys = { accessKeyId: 'someone', secretAccessKey: 'secret' };

async function regionOf(config: Record<string, string>): Promise<string> {
  const { client } = await openAwsClients({ bucket: 'b', ...config });
  return client.config.region();
}

describe('openAwsClients', () => {
  const before = { ...process.env };
  afterEach(() => {
    for (const name of ['AWS_REGION', 'AWS_ENDPOINT_URL_S3']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  it('takes the texts for true and false that Go takes', async () => {
    for (const [value, texts] of [
      [true, ['1', 't', 'T', 'TRUE', 'true', 'True']],
      [false, ['0', 'f', 'F', 'FALSE', 'false', 'False']],
    ] as const)
      for (const text of texts) {
        const { client } = await openAwsClients({ bucket: 'b', s3Url, s3ForcePathStyle: text });
        assert.equal(client.config.forcePathStyle, value, text);
      }
  });

  it('goes to s3Url', async () => {
    const { client } = await openAwsClients({ bucket: 'b', s3Url });
    const endpoint = await client.config.endpoint?.();
    assert.deepEqual([endpoint?.hostname, endpoint?.port], ['127.0.0.1', 9000]);
  });

  describe('takes the region', () => {
    it('that is configured', async () => {
      assert.equal(await regionOf({ region: 'eu-west-1', s3Url }), 'eu-west-1');
    });

    it("of the SDK's own settings, else one of no meaning, where s3Url is configured", async () => {
      process.env['AWS_REGION'] = 'ap-south-1';
      assert.equal(await regionOf({ s3Url }), 'ap-south-1');
      delete process.env['AWS_REGION'];
      assert.equal(await regionOf({ s3Url }), 'us-east-1');
    });

    it('that the bucket is in', async () => {
      const { endpoint, createBucket } = await motoServer();
      const bucket = `bucket-${randomUUID()}`;
      await createBucket(bucket, { region: 'eu-west-1' });
      process.env['AWS_ENDPOINT_URL_S3'] = endpoint;
      const config = { bucket, s3ForcePathStyle: 'true', credentialsFile: credentialsFile(keys) };
      assert.equal(await regionOf(config), 'eu-west-1');
    });

    for (const status of [301, 400, 403])
      it(`that a refusal with ${status} names`, async () => {
        const headers = { 'x-amz-bucket-region': 'eu-north-1' };
        const server = await recordingServer(() => ({ status, headers }));
        process.env['AWS_ENDPOINT_URL_S3'] = server.url;
        const config = { s3ForcePathStyle: 'true', credentialsFile: credentialsFile(keys) };
        assert.equal(await regionOf(config), 'eu-north-1');
        assert.deepEqual(
          server.requests.map(({ method, url }) => [method, url]),
          [['HEAD', '/b/']],
        );
        server.close();
      });

    it('of no bucket that is not there', async () => {
      process.env['AWS_ENDPOINT_URL_S3'] = (await motoServer()).endpoint;
      const config = { bucket: 'absent', s3ForcePathStyle: 'true', credentialsFile: credentialsFile(keys) };
      await assert.rejects(openAwsClients(config), {
        code: 'InvalidConfig',
        message: 'find the region of s3://absent: 404 NotFound',
      });
    });
  });

  describe('takes credentials', () => {
    async function accessKeyOf(config: Record<string, string>): Promise<string> {
      const { client } = await openAwsClients({ bucket: 'b', s3Url, ...config });
      return (await client.config.credentials()).accessKeyId;
    }

    function file(...lines: readonly string[]): string {
      const path = join(temporaryFolder(), 'credentials');
      writeFileSync(path, `${lines.join('\n')}\n`);
      return path;
    }

    it('of the default profile, and of another', async () => {
      const path = file(
        '[default]',
        'aws_access_key_id=one',
        'aws_secret_access_key=x',
        '[cold]',
        'aws_access_key_id=two',
        'aws_secret_access_key=x',
      );
      assert.equal(await accessKeyOf({ credentialsFile: path }), 'one');
      assert.equal(await accessKeyOf({ credentialsFile: path, profile: 'cold' }), 'two');
    });

    it('of a program that the file names', async () => {
      const answer = JSON.stringify({ Version: 1, AccessKeyId: 'made', SecretAccessKey: 'x' });
      const path = file('[default]', `credential_process = printf '%s' '${answer}'`);
      assert.equal(await accessKeyOf({ credentialsFile: path }), 'made');
    });

    it('as they are now, if the file was replaced', async () => {
      const path = file('[default]', 'aws_access_key_id=old', 'aws_secret_access_key=x');
      assert.equal(await accessKeyOf({ credentialsFile: path }), 'old');
      writeFileSync(path, '[default]\naws_access_key_id=new\naws_secret_access_key=x\n');
      assert.equal(await accessKeyOf({ credentialsFile: path }), 'new');
    });

    it('for ten minutes at most, and then reads the file again', async () => {
      const path = file('[default]', 'aws_access_key_id=one', 'aws_secret_access_key=x');
      const start = Date.now();
      const { client } = await openAwsClients({ bucket: 'b', s3Url, credentialsFile: path });
      const { expiration } = await client.config.credentials();
      const lastMs = expiration!.getTime() - start;
      assert.ok(lastMs >= 600_000 && lastMs < 660_000, `${lastMs}`);
    });
  });
});
