import { BowlineError } from '../../api/errors.ts';

/** Longest key that S3 takes, in bytes. */
const longestKey = 1_024;

/** Checks what the contract says of keys. @throws BowlineError `InvalidConfig`, saying which of its rules the key breaks */
export function assertKey(key: string): void {
  const problem = keyProblem(key);
  if (problem === undefined) return;
  throw new BowlineError('InvalidConfig', `key ${JSON.stringify(key.slice(0, 200))}: ${problem}`);
}

function keyProblem(key: string): string | undefined {
  const bytes = Buffer.byteLength(key);
  if (bytes > longestKey) return `expected at most ${longestKey} bytes, got ${bytes}`;
  // oxlint-disable-next-line no-control-regex -- control characters are what this refuses
  if (/[\x00-\x1f\x7f]/.test(key)) return 'expected no control characters';
  if (key.includes('\\')) return 'expected no backslash';
  const odd = key.split('/').find((segment) => !isSegment(segment));
  return odd === undefined ? undefined : `expected no ${odd === '' ? 'empty segment' : `segment \`${odd}\``}`;
}

/** Whether keys can begin with `folder`, which is empty or ends with a slash. */
export function isKeyFolder(folder: string): boolean {
  return folder === '' || folder.slice(0, -1).split('/').every(isSegment);
}

function isSegment(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..';
}
