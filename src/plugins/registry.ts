import { BowlineError } from '../api/errors.ts';
import type { BackupStorageLocation, VolumeSnapshotLocation } from '../api/locations.ts';
import { backupItemActions } from './backup-item-actions/index.ts';
import type { BackupItemAction, RestoreItemAction } from './item-action.ts';
import type { ObjectStore, ObjectStoreFactory } from './object-store.ts';
import { aws } from './object-stores/aws.ts';
import { filesystem as filesystemStore } from './object-stores/filesystem.ts';
import { prefixed } from './object-stores/prefixed.ts';
import { restoreItemActions } from './restore-item-actions/index.ts';
import type { VolumeSnapshotter, VolumeSnapshotterFactory } from './volume-snapshotter.ts';
import { aws as awsSnapshotter } from './volume-snapshotters/aws.ts';
import { azure as azureSnapshotter } from './volume-snapshotters/azure.ts';
import { filesystem as filesystemSnapshotter } from './volume-snapshotters/filesystem.ts';
import { gcp as gcpSnapshotter } from './volume-snapshotters/gcp.ts';

/** Names to implementations; built per process, never global. */
export interface Registry {
  /** In the order in which they run: by name. */
  readonly backupItemActions: readonly BackupItemAction[];
  readonly restoreItemActions: readonly RestoreItemAction[];
  /** The location of that name. @throws BowlineError `InvalidConfig`, naming the known ones */
  named<Location extends { readonly name: string }>(locations: readonly Location[], name: string): Location;
  /** Opens the bucket of a storage location; keys are below its prefix. Rejects with `InvalidConfig`. */
  openObjectStore(location: BackupStorageLocation): Promise<ObjectStore>;
  openVolumeSnapshotter(location: VolumeSnapshotLocation): Promise<VolumeSnapshotter>;
}

const objectStores: Readonly<Record<string, ObjectStoreFactory>> = { aws, filesystem: filesystemStore };
const volumeSnapshotters: Readonly<Record<string, VolumeSnapshotterFactory>> = {
  aws: awsSnapshotter,
  azure: azureSnapshotter,
  filesystem: filesystemSnapshotter,
  gcp: gcpSnapshotter,
};

/** The registry of everything that is built in. */
export function createRegistry(): Registry {
  return {
    backupItemActions: byName(backupItemActions),
    restoreItemActions: byName(restoreItemActions),

    named(locations, name) {
      const location = locations.find((candidate) => candidate.name === name);
      if (location) return location;
      throw new BowlineError(
        'InvalidConfig',
        `location ${name}: not configured; known are ${locations.map((known) => known.name).join(', ') || 'none'}`,
      );
    },

    async openObjectStore({ name, provider, objectStorage, config = {} }) {
      const bucket = trimmed(objectStorage.bucket);
      if (bucket.includes('/'))
        throw new BowlineError(
          'InvalidConfig',
          `location ${name}: bucket ${bucket} may not contain a slash; use prefix`,
        );
      const prefix = trimmed(objectStorage.prefix ?? '');
      const { caCert } = objectStorage;
      const open = find(objectStores, provider, name);
      return prefixed(await open({ ...config, bucket, prefix, ...(caCert !== undefined && { caCert }) }), prefix);
    },

    async openVolumeSnapshotter({ name, provider, config = {} }) {
      return find(volumeSnapshotters, provider, name)(config);
    },
  };
}

function find<Factory>(factories: Readonly<Record<string, Factory>>, provider: string, location: string): Factory {
  const name = provider.replace(/^velero\.io\//, '');
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (factory) return factory;
  throw new BowlineError(
    'InvalidConfig',
    `location ${location}: no provider is named ${provider}; known are ${Object.keys(factories).join(', ')}`,
  );
}

function byName<Action extends { readonly name: string }>(actions: readonly Action[]): Action[] {
  const sorted = [...actions].sort((a, b) => (a.name < b.name ? -1 : 1));
  const double = sorted.find(({ name }, index) => sorted[index + 1]?.name === name);
  if (double) throw new BowlineError('InvalidConfig', `item action ${double.name}: registered twice`);
  return sorted;
}

function trimmed(text: string): string {
  return text.replace(/^\/+|\/+$/g, '');
}
