import { BowlineError } from '../../api/errors.ts';

/** Longest key that S3 takes, in bytes. */
const longestKey = 1_024;

/** Checks what the contract says of keys. @throws BowlineError `InvalidConfig` */
export function assertKey(key: string): void {
  const segments = key.split('/');
  // oxlint-disable-next-line no-control-regex -- control characters are what this refuses
  const plain = key !== '' && Buffer.byteLength(key) <= longestKey && !/[\\\x00-\x1f\x7f]/.test(key);
  if (plain && segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')) return;
  throw new BowlineError(
    'InvalidConfig',
    `key ${JSON.stringify(key.slice(0, 200))}: expected path segments without \`.\`, \`..\`, backslashes or control characters`,
  );
}
