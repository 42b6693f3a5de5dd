import { BowlineError } from '../api/errors.ts';
import { topLevelDirectories } from '../backup-format/layout.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import type { Dependencies } from './dependencies.ts';
import { activitySignal } from './lease.ts';

/** The steps that tell whether storage locations can be used. */
export interface ValidateLocationsActivities {
  /** The names of all storage locations, in the worker's order. */
  listLocations(): Promise<string[]>;
  /**
   * Opens a storage location anew and lists what is at its top: Velero's Init, and then IsValid. Fails with what either met:
   * `InvalidConfig`, `AccessDenied`, `Unavailable`, …. Only reads, but for the folder that `filesystem` makes for its bucket.
   */
  validateLocation(input: { readonly location: string }): Promise<void>;
}

/** The activities over a worker's dependencies. */
export function createValidateLocations({ config, openStore }: Dependencies): ValidateLocationsActivities {
  return {
    listLocations: async () => config.backupStorageLocations.map(({ name }) => name),
    validateLocation: async ({ location }) => assertHoldsBackups(await openStore(location)),
  };
}

/** How many names a message holds. */
const mostNames = 3;

/**
 * Rejects with `InvalidConfig` if there is a directory at the top that neither Velero nor Bowline makes: a bucket of something
 * else, or a forgotten prefix. Objects at the top do not count. Source: Velero `pkg/persistence/object_store.go` `IsValid`.
 */
export async function assertHoldsBackups(store: ObjectStore): Promise<void> {
  const foreign: string[] = [];
  for await (const directory of store.listCommonPrefixes('', '/', { signal: activitySignal() })) {
    if (!topLevelDirectories.includes(directory)) foreign.push(directory.slice(0, -1));
  }
  if (foreign.length === 0) return;
  const isLong = foreign.length > mostNames;
  const names = `[${foreign.slice(0, mostNames).join(' ')}${isLong ? ' ...' : ''}]`;
  throw new BowlineError(
    'InvalidConfig',
    `list ${store.url}/: backup store contains ${isLong ? `${foreign.length} ` : ''}invalid top-level directories: ${names}`,
  );
}
