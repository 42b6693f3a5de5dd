import { BowlineError } from '../../api/errors.ts';

/** Longest key that S3 takes, in bytes. */
const longestKey = 1_024;

/** Checks what the contract says of keys. @throws BowlineError `InvalidConfig` */
export function assertKey(key: string): void {
  // oxlint-disable-next-line no-control-regex -- control characters are what this refuses
  const plain = key !== '' && Buffer.byteLength(key) <= longestKey && !/[\\\x00-\x1f\x7f]/.test(key);
  if (plain && key.split('/').every(isSegment)) return;
  throw new BowlineError(
    'InvalidConfig',
    `key ${JSON.stringify(key.slice(0, 200))}: expected path segments without \`.\`, \`..\`, backslashes or control characters`,
  );
}

/** Whether keys can begin with `folder`, which is empty or ends with a slash. */
export function isKeyFolder(folder: string): boolean {
  return folder === '' || folder.slice(0, -1).split('/').every(isSegment);
}

function isSegment(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..';
}
