import type { ObjectStore } from '../object-store.ts';
import type { Check } from './check.ts';
import { accessCheck } from './object-store-access.ts';
import { listChecks } from './object-store-lists.ts';
import { readChecks } from './object-store-reads.ts';
import { uploadChecks } from './object-store-uploads.ts';
import { writeChecks } from './object-store-writes.ts';

/**
 * Every promise of `ObjectStore`, each to be checked on an empty store of its own: a fresh bucket, or a prefix that nobody else
 * uses. A check may leave objects behind. The largest writes 12 MB, the longest some 1,000 objects. Where the first fails there is
 * no use in the others: nothing may be written there, or nothing deleted.
 */
export const objectStoreChecks: readonly Check<ObjectStore>[] = [
  accessCheck,
  ...writeChecks,
  ...uploadChecks,
  ...readChecks,
  ...listChecks,
];
