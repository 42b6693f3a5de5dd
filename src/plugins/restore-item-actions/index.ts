import type { RestoreItemAction } from '../item-action.ts';
import { addPvFromPvc } from './add-pv-from-pvc.ts';
import { addPvcFromPod } from './add-pvc-from-pod.ts';
import { pod } from './pod.ts';
import { serviceAccount } from './service-account.ts';
import { service } from './service.ts';

/** The built-in actions of restores, in the order in which they run. */
export const restoreItemActions: readonly RestoreItemAction[] = [
  addPvFromPvc,
  addPvcFromPod,
  pod,
  service,
  serviceAccount,
];
