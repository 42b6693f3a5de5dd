import { createHash } from 'node:crypto';

/** Longest value of a label. */
const longest = 63;

/**
 * A name as a label's value: a longer one is cut to 57 characters and six hex digits of its SHA-256.
 * Source: Velero `pkg/label/label.go`, GetValidName.
 */
export function labelValue(name: string): string {
  if (name.length <= longest) return name;
  return `${name.slice(0, longest - 6)}${createHash('sha256').update(name).digest('hex').slice(0, 6)}`;
}
