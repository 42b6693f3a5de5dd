import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { blocks } from '../../../src/plugins/conformance/contents.ts';
import { objectStoreChecks } from '../../../src/plugins/conformance/object-store.ts';
import { openAwsClients } from '../../../src/plugins/object-stores/aws-client.ts';
import { aws } from '../../../src/plugins/object-stores/aws.ts';
import { prefixed } from '../../../src/plugins/object-stores/prefixed.ts';
import { startFaultProxy } from '../../../tools/stack/fault-proxy.ts';
import { itConforms } from '../../support/it-conforms.ts';
import { motoBucket, s3Bucket } from './s3-bucket.ts';

/** Nine megabytes, one part and more, and then what `end` does. */
function nineMegabytes(end: () => void): Readable {
  return Readable.from(
    (function* () {
      for (let megabyte = 0; megabyte < 9; megabyte++) yield Buffer.alloc(1_048_576, megabyte);
      end();
    })(),
  );
}

async function pendingUploads(config: Record<string, string>): Promise<number> {
  const { client } = await openAwsClients(config);
  const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: config['bucket'] }));
  return Uploads?.length ?? 0;
}

/** A put whose signal has fired while the server's answer to such a request of its upload is held. */
async function interruptedDuring(request: { readonly method: string; readonly path: RegExp }) {
  const config = await s3Bucket();
  const proxy = await startFaultProxy(config['s3Url']!);
  const holding = proxy.hold({ ...request, at: 'after' });
  const stop = new AbortController();
  const store = await aws({ ...config, s3Url: proxy.url });
  const body = Readable.from([...blocks(12 * 1_048_576)]);
  const refused = assert.rejects(store.putObject('k', body, { signal: stop.signal }), { code: 'Interrupted' });
  const held = await holding;
  stop.abort();
  return { config, proxy, refused, held };
}

const beginning = { method: 'POST', path: /\?uploads/ };
const firstPart = { method: 'PUT', path: /partNumber=1/ };

describe('object store: aws on versitygw', () => {
  itConforms(objectStoreChecks, async () => aws(await s3Bucket()));

  it('is called by its bucket', async () => {
    const config = await s3Bucket();
    assert.equal((await aws(config)).url, `s3://${config['bucket']}`);
  });

  describe('a multipart upload', () => {
    it('that is under way is pending: what the next tests count', async () => {
      const config = await s3Bucket();
      let counted = 0;
      const body = Readable.from(
        (async function* () {
          yield* nineMegabytes(() => undefined);
          while (counted === 0) counted = await pendingUploads(config);
        })(),
      );
      await (await aws(config)).putObject('k', body);
      assert.equal(counted, 1);
      assert.equal(await pendingUploads(config), 0);
    });

    it('is aborted when its body fails', async () => {
      const config = await s3Bucket();
      const body = nineMegabytes(() => assert.fail('boom'));
      await assert.rejects((await aws(config)).putObject('k', body), { code: 'Unavailable' });
      assert.equal(await pendingUploads(config), 0);
    });

    it('is aborted when the signal fires', async () => {
      const config = await s3Bucket();
      const stop = new AbortController();
      const body = nineMegabytes(() => stop.abort());
      const refused = (await aws(config)).putObject('k', body, { signal: stop.signal });
      await assert.rejects(refused, { code: 'Interrupted' });
      assert.equal(await pendingUploads(config), 0);
    });

    it('is aborted when the signal fires while it is being begun', async () => {
      const { config, proxy, refused, held } = await interruptedDuring(beginning);
      held.release();
      await refused;
      await proxy.stop();
      assert.equal(await pendingUploads(config), 0);
    });

    it('is aborted when the signal fires during a part, not before the part has ended', async () => {
      const { config, proxy, refused, held } = await interruptedDuring(firstPart);
      assert.equal(await pendingUploads(config), 1);
      held.release();
      await refused;
      await proxy.stop();
      assert.equal(await pendingUploads(config), 0);
    });

    it('is aborted when the signal fires during a part that does not end', async () => {
      const { config, proxy, refused } = await interruptedDuring(firstPart);
      await refused;
      await proxy.stop();
      assert.equal(await pendingUploads(config), 0);
    });

    it('is aborted when the object is there already', async () => {
      const config = await s3Bucket();
      const store = await aws(config);
      await store.putObject('k', Buffer.from('first'));
      await assert.rejects(
        store.putObject(
          'k',
          nineMegabytes(() => undefined),
          { ifAbsent: true },
        ),
        { code: 'AlreadyExists' },
      );
      assert.equal(await pendingUploads(config), 0);
    });
  });

  it('says Unavailable, without a status, of an endpoint that nobody answers at', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    const store = await aws({ ...(await s3Bucket()), s3Url: `http://127.0.0.1:${port}` });
    await assert.rejects(store.objectExists('k'), { code: 'Unavailable', status: undefined, message: /ECONNREFUSED/ });
    await assert.rejects(store.putObject('k', Buffer.from('x')), { code: 'Unavailable', message: /ECONNREFUSED/ });
  });
});

describe('object store: aws on moto', () => {
  itConforms(objectStoreChecks, async () => aws(await motoBucket()));
});

describe('object store: aws below a prefix', () => {
  itConforms(objectStoreChecks, async () => prefixed(await aws(await s3Bucket()), 'velero/eu'));
});
