import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { Config } from './api/config.ts';
import { BowlineError } from './api/errors.ts';
import { isHandedActivity } from './api/handed-batch.ts';

/** The encoding that encrypted payloads name. The Temporal project's own samples of codecs use the same, and the same bytes. */
const encrypted = 'binary/encrypted';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

interface Key {
  /** Names the key in payloads; tells nothing of it. */
  readonly id: string;
  readonly bytes: Buffer;
}

/**
 * What workers and clients convert payloads with: encrypted with AES-256-GCM where the configuration names keys, else in the clear.
 * Rejects with `InvalidConfig` if the keys can't be read.
 */
export async function openDataConverter(codec: Config['temporal']['codec']): Promise<DataConverter> {
  return codec === undefined ? {} : { payloadCodecs: [encryptingCodec(await readKeys(codec.keyFile))] };
}

async function readKeys(file: string): Promise<[Key, ...Key[]]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new BowlineError('InvalidConfig', `temporal.codec.keyFile: read ${file}: ${error.code}`, { cause: error });
  });
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter(Boolean).map((line): Key => {
    const bytes = Buffer.from(line, 'base64');
    if (bytes.length === keyBytes && bytes.toString('base64') === line) return { id: keyId(bytes), bytes };
    const at = `${file}, line ${lines.indexOf(line) + 1}`;
    throw new BowlineError('InvalidConfig', `temporal.codec.keyFile: ${at}: expected ${keyBytes} bytes in base64`);
  });
  const [first, ...others] = keys;
  if (first === undefined)
    throw new BowlineError('InvalidConfig', `temporal.codec.keyFile: ${file} holds no key; expected one a line`);
  return [first, ...others];
}

function keyId(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** Encrypts with the first key. Payloads that are not encrypted pass: people may start workflows with plain JSON. */
function encryptingCodec(keys: [Key, ...Key[]]): PayloadCodec {
  return {
    encode: async (payloads) => payloads.map((payload) => encrypt(payload, keys[0])),
    decode: async (payloads, context) =>
      payloads.map((payload) => {
        if (metadataOf(payload, 'encoding') !== encrypted) return payload;
        try {
          return decrypt(payload, keys);
        } catch (error) {
          // Bowline's own payloads wait for the right keys. Another worker's stay what they are: an answer that can't be read.
          if (isHandedActivity(context)) return payload;
          throw error;
        }
      }),
  };
}

function encrypt(payload: Payload, { id, bytes }: Key): Payload {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', bytes, nonce);
  const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
  const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { encoding: Buffer.from(encrypted), 'encryption-key-id': Buffer.from(id) }, data };
}

function decrypt(payload: Payload, keys: readonly Key[]): Payload {
  const id = metadataOf(payload, 'encryption-key-id');
  const key = keys.find((candidate) => candidate.id === id);
  if (key === undefined)
    throw new BowlineError('InvalidConfig', `decrypt a payload: temporal.codec.keyFile holds no key ${id ?? ''}`);
  const data = Buffer.from(payload.data ?? []);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.bytes, data.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAuthTag(data.subarray(-tagBytes));
    const plain = Buffer.concat([decipher.update(data.subarray(nonceBytes, -tagBytes)), decipher.final()]);
    return proto.temporal.api.common.v1.Payload.decode(plain);
  } catch (error) {
    throw new BowlineError('InvalidConfig', `decrypt a payload: it was not encrypted with key ${id}`, { cause: error });
  }
}

function metadataOf({ metadata }: Payload, name: string): string | undefined {
  const value = metadata?.[name];
  return value ? Buffer.from(value).toString() : undefined;
}
