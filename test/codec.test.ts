import assert from 'node:assert/strict';
import { createHash, randomBytes, webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { handedActivityId } from '../src/api/handed-batch.ts';
import { openDataConverter } from '../src/codec.ts';

const newKey = (): string => randomBytes(32).toString('base64');
const [first, second] = [newKey(), newKey()];
const secret = { password: 'open sesame' };
const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();

describe('openDataConverter', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-codec-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const keyFile = (content: string): string => {
    const file = join(folder, 'keys');
    writeFileSync(file, content);
    return file;
  };
  const open = (content: string) => openDataConverter({ keyFile: keyFile(content) });
  async function codec(content: string): Promise<PayloadCodec> {
    const { payloadCodecs = [] } = await open(content);
    assert.equal(payloadCodecs.length, 1);
    return payloadCodecs[0]!;
  }
  async function encrypted(content = first, value: unknown = secret): Promise<Payload> {
    const [payload] = await (await codec(content)).encode([defaultPayloadConverter.toPayload(value)]);
    return payload!;
  }
  const read = ([payload]: readonly Payload[]): unknown => defaultPayloadConverter.fromPayload(payload!);

  it('leaves payloads in the clear without keys', async () => {
    assert.deepEqual(await openDataConverter(undefined), {});
  });

  it('encrypts a payload whole, each time in another way, and gives it back', async () => {
    const [one, two] = [await encrypted(), await encrypted()];
    assert.equal(text(one.metadata?.['encoding']), 'binary/encrypted');
    assert.ok(!text(one.data).includes('sesame') && !text(one.data).includes('json'));
    assert.notDeepEqual(one.data, two.data);
    assert.deepEqual(read(await (await codec(first)).decode([one])), secret);
  });

  it('is what others read who know the key: a nonce, then AES-256-GCM of the payload with its tag', async () => {
    const { data, metadata } = await encrypted();
    const bytes = Buffer.from(first, 'base64');
    assert.equal(text(metadata?.['encryption-key-id']), createHash('sha256').update(bytes).digest('hex').slice(0, 16));
    const key = await webcrypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['decrypt']);
    const algorithm = { name: 'AES-GCM', iv: Buffer.from(data!.subarray(0, 12)) };
    const plain = await webcrypto.subtle.decrypt(algorithm, key, Buffer.from(data!.subarray(12)));
    const payload = proto.temporal.api.common.v1.Payload.decode(new Uint8Array(plain));
    assert.deepEqual(read([payload]), secret);
  });

  it('encrypts with the first key, and decrypts with every one', async () => {
    const old = await encrypted(first);
    const both = `\n${second}\n\n  ${first}\r\n`;
    assert.deepEqual(read(await (await codec(both)).decode([old])), secret);
    assert.deepEqual(read(await (await codec(second)).decode([await encrypted(both)])), secret);
  });

  it('lets pass what is not encrypted', async () => {
    const plain = defaultPayloadConverter.toPayload(secret);
    assert.deepEqual(await (await codec(first)).decode([plain]), [plain]);
  });

  it('refuses what a key encrypted that it does not have, and names that one', async () => {
    const payload = await encrypted(second);
    const id = text(payload.metadata?.['encryption-key-id']);
    const { decode } = await codec(first);
    const message = `decrypt a payload: temporal.codec.keyFile holds no key ${id}`;
    await assert.rejects(decode([payload]), { code: 'InvalidConfig', message });
  });

  for (const [what, change] of [
    ['nonce', (data: Buffer) => (data[0]! ^= 1)],
    ['text', (data: Buffer) => (data[12]! ^= 1)],
    ['tag', (data: Buffer) => (data[data.length - 1]! ^= 1)],
  ] as const) {
    it(`refuses a payload whose ${what} was changed`, async () => {
      const payload = await encrypted();
      const data = Buffer.from(payload.data!);
      change(data);
      const message = /^decrypt a payload: it was not encrypted with key /;
      await assert.rejects((await codec(first)).decode([{ ...payload, data }]), { code: 'InvalidConfig', message });
    });
  }

  for (const bytes of [0, 11, 20, 27]) {
    it(`refuses a payload of ${bytes} bytes`, async () => {
      const payload = await encrypted();
      const short = { ...payload, data: payload.data!.subarray(0, bytes) };
      await assert.rejects((await codec(first)).decode([short]), { code: 'InvalidConfig' });
    });
  }

  it("leaves another worker's payload as it is if it can't be read, and reads it if it can", async () => {
    const { decode } = await codec(first);
    const context = {
      type: 'activity',
      namespace: 'default',
      activityId: handedActivityId('action-1'),
      isLocal: false,
    } as const;
    const foreign = await encrypted(second);
    assert.deepEqual(await decode([foreign], context), [foreign]);
    assert.deepEqual(read(await decode([await encrypted()], context)), secret);
    await assert.rejects(decode([foreign], { ...context, activityId: '7' }), { code: 'InvalidConfig' });
  });

  const refused: readonly [string, string, string][] = [
    ['no key', '\n\n', 'holds no key; expected one a line'],
    ['a key that is too short', randomBytes(16).toString('base64'), ', line 1: expected 32 bytes in base64'],
    [
      'what is no base64',
      `${first}\nhunter2 is no key, whatever else it may be`,
      ', line 2: expected 32 bytes in base64',
    ],
    ['a key in hex', randomBytes(32).toString('hex'), ', line 1: expected 32 bytes in base64'],
  ];
  for (const [what, content, problem] of refused) {
    it(`refuses ${what}, without telling it`, async () => {
      const error = await open(content).then(
        () => assert.fail('it was taken'),
        (thrown: Error & { code?: string }) => thrown,
      );
      assert.equal(error.code, 'InvalidConfig');
      assert.match(error.message, /^temporal\.codec\.keyFile: /);
      assert.ok(error.message.endsWith(problem), error.message);
      assert.ok(!error.message.includes('hunter2'));
    });
  }

  it('says which file can not be read', async () => {
    await assert.rejects(openDataConverter({ keyFile: join(folder, 'gone') }), {
      code: 'InvalidConfig',
      message: `temporal.codec.keyFile: read ${join(folder, 'gone')}: ENOENT`,
    });
  });
});
