import type { Config } from '../api/config.ts';
import { BowlineError } from '../api/errors.ts';
import type { BackupStorageLocation, VolumeSnapshotLocation } from '../api/locations.ts';
import { backupItemActions } from './backup-item-actions/index.ts';
import { loadItemActions } from './configured-item-actions.ts';
import { noItemActions, type ItemActions } from './item-action-lists.ts';
import type { ObjectStore, ObjectStoreFactory } from './object-store.ts';
import { aws } from './object-stores/aws.ts';
import { azure } from './object-stores/azure.ts';
import { filesystem as filesystemStore } from './object-stores/filesystem.ts';
import { gcp } from './object-stores/gcp.ts';
import { prefixed } from './object-stores/prefixed.ts';
import { restoreItemActions } from './restore-item-actions/index.ts';
import type { VolumeSnapshotter, VolumeSnapshotterFactory } from './volume-snapshotter.ts';
import { aws as awsSnapshotter } from './volume-snapshotters/aws.ts';
import { azure as azureSnapshotter } from './volume-snapshotters/azure.ts';
import { filesystem as filesystemSnapshotter } from './volume-snapshotters/filesystem.ts';
import { gcp as gcpSnapshotter } from './volume-snapshotters/gcp.ts';

/** Names to implementations; built per process, never global. */
export interface Registry extends ItemActions {
  /** The location of that name. @throws BowlineError `InvalidConfig`, naming the known ones */
  named<Location extends { readonly name: string }>(locations: readonly Location[], name: string): Location;
  /** Opens the bucket of a storage location; keys are below its prefix. Rejects with `InvalidConfig`. */
  openObjectStore(location: BackupStorageLocation): Promise<ObjectStore>;
  openVolumeSnapshotter(location: VolumeSnapshotLocation): Promise<VolumeSnapshotter>;
}

const objectStores: Readonly<Record<string, ObjectStoreFactory>> = { aws, azure, filesystem: filesystemStore, gcp };
const volumeSnapshotters: Readonly<Record<string, VolumeSnapshotterFactory>> = {
  aws: awsSnapshotter,
  azure: azureSnapshotter,
  filesystem: filesystemSnapshotter,
  gcp: gcpSnapshotter,
};

const builtIn: ItemActions = {
  backupItemActions: byName(backupItemActions),
  restoreItemActions: byName(restoreItemActions),
  // Velero's own are for CSI snapshots and data movers.
  deleteItemActions: [],
};

/**
 * The registry of everything that is built in, and of what a configuration adds to it. Item actions run in the order of their names,
 * and then those of the configuration in its own. Rejects with `InvalidConfig`, as `loadItemActions` does.
 */
export async function loadRegistry({ itemActions }: Pick<Config, 'itemActions'>): Promise<Registry> {
  return createRegistry(await loadItemActions(itemActions, builtIn));
}

/** The registry of everything that is built in, and of item actions that run after those. */
export function createRegistry(more: ItemActions = noItemActions): Registry {
  return {
    backupItemActions: [...builtIn.backupItemActions, ...more.backupItemActions],
    restoreItemActions: [...builtIn.restoreItemActions, ...more.restoreItemActions],
    deleteItemActions: more.deleteItemActions,

    named(locations, name) {
      const location = locations.find((candidate) => candidate.name === name);
      if (location) return location;
      throw new BowlineError(
        'InvalidConfig',
        `location ${name}: not configured; known are ${locations.map((known) => known.name).join(', ') || 'none'}`,
      );
    },

    async openObjectStore(location) {
      const config = objectStoreConfig(location);
      const open = find(objectStores, location.provider, location.name);
      return prefixed(await open(config), config['prefix'] ?? '');
    },

    async openVolumeSnapshotter({ name, provider, config = {} }) {
      return find(volumeSnapshotters, provider, name)(config);
    },
  };
}

/** What a storage location's provider is given: its settings, and those that every provider is. @throws BowlineError `InvalidConfig` */
export function objectStoreConfig({ name, objectStorage, config = {} }: BackupStorageLocation): Record<string, string> {
  const bucket = trimmed(objectStorage.bucket);
  if (bucket.includes('/'))
    throw new BowlineError('InvalidConfig', `location ${name}: bucket ${bucket} may not contain a slash; use prefix`);
  const prefix = trimmed(objectStorage.prefix ?? '');
  const { caCert } = objectStorage;
  return { ...config, bucket, prefix, ...(caCert !== undefined && { caCert }) };
}

function find<Factory>(factories: Readonly<Record<string, Factory>>, provider: string, location: string): Factory {
  const name = providerName(provider);
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (factory) return factory;
  throw new BowlineError(
    'InvalidConfig',
    `location ${location}: no provider is named ${provider}; known are ${Object.keys(factories).join(', ')}`,
  );
}

/** A provider's name as it is registered here. */
export function providerName(provider: string): string {
  return provider.replace(/^velero\.io\//, '');
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
