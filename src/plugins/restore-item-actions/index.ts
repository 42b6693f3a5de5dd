import type { RestoreItemAction } from '../item-action.ts';
import { addPvFromPvc } from './add-pv-from-pvc.ts';
import { addPvcFromPod } from './add-pvc-from-pod.ts';
import { admissionWebhookConfiguration } from './admission-webhook-configuration.ts';
import { apiservice } from './apiservice.ts';
import { changeImageName } from './change-image-name.ts';
import { changePvcNodeSelector } from './change-pvc-node-selector.ts';
import { changeStorageClass } from './change-storage-class.ts';
import { clusterRoleBindings } from './cluster-role-bindings.ts';
import { crdPreserveFields } from './crd-preserve-fields.ts';
import { initRestoreHook } from './init-restore-hook.ts';
import { job } from './job.ts';
import { podVolumeRestore } from './pod-volume-restore.ts';
import { pod } from './pod.ts';
import { pvc } from './pvc.ts';
import { restic } from './restic.ts';
import { roleBindings } from './role-bindings.ts';
import { secret } from './secret.ts';
import { serviceAccount } from './service-account.ts';
import { service } from './service.ts';

/** The built-in actions of restores, in the order in which they run. */
export const restoreItemActions: readonly RestoreItemAction[] = [
  addPvFromPvc,
  addPvcFromPod,
  admissionWebhookConfiguration,
  apiservice,
  changeImageName,
  changePvcNodeSelector,
  changeStorageClass,
  clusterRoleBindings,
  crdPreserveFields,
  initRestoreHook,
  job,
  pod,
  podVolumeRestore,
  pvc,
  restic,
  roleBindings,
  secret,
  service,
  serviceAccount,
];
