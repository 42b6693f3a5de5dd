import { readFileSync } from 'node:fs';

/** The golden backups that a real Velero made; `test/golden/README.md` says how. */
export const goldenBackups = ['shop-golden', 'shop-selected', 'everything'] as const;

/** The golden restores. */
export const goldenRestores = ['shop-mapped', 'shop-inplace'] as const;

/** A file of the bucket that Velero wrote to. */
export function goldenFile(key: string): Buffer {
  return readFileSync(new URL(`../golden/velero-1.18.1/shop/bucket/${key}`, import.meta.url));
}
