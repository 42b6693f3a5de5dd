export { BowlineError, type ErrorCode } from '../api/errors.ts';
export type { ResourceSelector } from '../api/resource-selector.ts';
export type { ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
export type { KubernetesReader } from '../kubernetes/reader.ts';
export type { KubernetesWriter } from '../kubernetes/writer.ts';
export type { Check } from './conformance/check.ts';
export { deleteItemActionChecks, type DeleteItemActionSubject } from './conformance/delete-item-action.ts';
export { itemActionChecks, type ItemActionSubject } from './conformance/item-action.ts';
export { objectStoreChecks } from './conformance/object-store.ts';
export type { VolumeContents, VolumeSnapshotterSubject } from './conformance/snapshot-run.ts';
export { volumeSnapshotterChecks } from './conformance/volume-snapshotter.ts';
export type {
  BackupItemAction,
  BackupItemActionInput,
  BackupItemActionOutput,
  DeleteItemAction,
  DeleteItemActionInput,
  ItemLog,
  RestoreItemAction,
  RestoreItemActionInput,
  RestoreItemActionOutput,
} from './item-action.ts';
export type {
  CallOptions,
  GetOptions,
  ObjectStat,
  PendingUpload,
  ObjectStore,
  ObjectStoreFactory,
  PutOptions,
  WrittenObject,
} from './object-store.ts';
export type {
  Owner,
  ProvisioningStatus,
  SnapshotRequest,
  SnapshotSummary,
  VolumeInfo,
  VolumeRequest,
  VolumeSnapshotter,
  VolumeSnapshotterFactory,
  VolumeSummary,
} from './volume-snapshotter.ts';
