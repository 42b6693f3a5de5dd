export type { ResourceSelector } from '../api/resource-selector.ts';
export type { KubernetesReader } from '../kubernetes/reader.ts';
export type {
  BackupItemAction,
  BackupItemActionInput,
  BackupItemActionOutput,
  ItemLog,
  RestoreItemAction,
  RestoreItemActionInput,
  RestoreItemActionOutput,
} from './item-action.ts';
export type { ObjectStore, ObjectStoreFactory } from './object-store.ts';
export type { VolumeSnapshotter, VolumeSnapshotterFactory } from './volume-snapshotter.ts';
