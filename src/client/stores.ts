import { buffer } from 'node:stream/consumers';
import type { Config } from '../api/config.ts';
import { errorCode } from '../api/errors.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { createRegistry } from '../plugins/registry.ts';

/** A storage location's bucket. */
export interface OpenLocation {
  readonly location: string;
  readonly store: ObjectStore;
}

/** The buckets of all configured storage locations, in their order. Each is opened on first use; a failure is not remembered. */
export class Stores {
  readonly #locations: Config['backupStorageLocations'];
  readonly #opened = new Map<string, Promise<ObjectStore>>();
  readonly #registry = createRegistry();

  constructor({ backupStorageLocations }: Config) {
    this.#locations = backupStorageLocations;
  }

  get names(): string[] {
    return this.#locations.map(({ name }) => name);
  }

  all(): Promise<OpenLocation[]> {
    return Promise.all(this.names.map(async (location) => ({ location, store: await this.open(location) })));
  }

  /** One of them. Rejects with `InvalidConfig` for a location that there is not. */
  open(name: string): Promise<ObjectStore> {
    let opening = this.#opened.get(name);
    if (opening === undefined) {
      opening = this.#registry.openObjectStore(this.#registry.named(this.#locations, name));
      this.#opened.set(name, opening);
      opening.catch(() => this.#opened.delete(name));
    }
    return opening;
  }
}

/** The whole object, which is small; `undefined` if it is not there. */
export async function readObject(store: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  try {
    return await buffer(await store.getObject(key));
  } catch (error) {
    if (errorCode(error) === 'NotFound') return undefined;
    throw error;
  }
}
