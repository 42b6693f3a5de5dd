import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { BowlineError } from '../../api/errors.ts';
import { fileSystemError, systemCode } from '../file-system-errors.ts';

/** How URLs of a bucket are signed, and where they lead. */
export interface UrlSigning {
  /** What stands before the bucket's name. Without a slash at its end. */
  readonly url: string;
  readonly bucket: string;
  /** Holds the key, in Base64. Made where it is absent. */
  readonly keyFile: string;
}

/** What a signature holds for: one object, to be read until then. */
export interface SignedObject {
  readonly key: string;
  /** In seconds since 1970. */
  readonly expires: number;
}

/** What a signed URL bears: the object, and the proof that whoever has the key gave it away. */
export interface Presented extends SignedObject {
  readonly bucket: string;
  readonly method: string;
  readonly signature: string;
}

const keyBytes = 32;

/** A URL that lets read an object. */
export async function signedUrl({ url, bucket, keyFile }: UrlSigning, { key, expires }: SignedObject): Promise<string> {
  const signature = signatureOf(await signingKey(keyFile), { bucket, key, expires, method: 'GET' });
  const path = [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
  return `${url}/${path}?expires=${expires}&signature=${signature.toString('base64url')}`;
}

/** Whether the signature is that of the method, the bucket, the key and the end of its time. Takes as long for each that is not. */
export function isSigned(secret: Buffer, { signature, ...presented }: Presented): boolean {
  const [given, right] = [Buffer.from(signature, 'base64url'), signatureOf(secret, presented)];
  return given.length === right.length && timingSafeEqual(given, right);
}

/**
 * Reads the key; makes one, which only its owner may read, where there is no file. Two that make one at the same time get the same.
 * Rejects with `InvalidConfig` for a file that holds less than 32 bytes, in Base64.
 */
export async function signingKey(file: string): Promise<Buffer> {
  try {
    const secret = Buffer.from(await readOrMake(file), 'base64');
    if (secret.length >= keyBytes) return secret;
  } catch (error) {
    throw fileSystemError(`read ${file}`, error);
  }
  throw new BowlineError('InvalidConfig', `read ${file}: expected a key of ${keyBytes} bytes or more, in Base64`);
}

async function readOrMake(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return make(file);
  }
}

async function make(file: string): Promise<string> {
  const whole = `${file}.${randomUUID()}`;
  try {
    await writeFile(whole, `${randomBytes(keyBytes).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await link(whole, file).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
  } finally {
    await rm(whole, { force: true });
  }
  return readFile(file, 'utf8');
}

/** Each part is on a line of its own, and none holds a line's end: no two mean the same text. */
function signatureOf(secret: Buffer, { method, bucket, key, expires }: Omit<Presented, 'signature'>): Buffer {
  return createHmac('sha256', secret).update([method, bucket, key, expires].join('\n')).digest();
}
