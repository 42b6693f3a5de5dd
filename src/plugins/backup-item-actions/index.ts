import type { BackupItemAction } from '../item-action.ts';
import { crdRemapVersion } from './crd-remap-version.ts';
import { pod } from './pod.ts';
import { pv } from './pv.ts';
import { serviceAccount } from './service-account.ts';

/** The built-in actions of backups, in the order in which they run. */
export const backupItemActions: readonly BackupItemAction[] = [crdRemapVersion, pod, pv, serviceAccount];
