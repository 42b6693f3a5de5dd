import { restoreLayout, restoresDirectory } from '../backup-format/layout.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { jsonObjectOf } from './bytes.ts';
import { activitySignal } from './lease.ts';
import { deleteAll } from './put-object.ts';

/** Every mark by which a restore says that it uses the backup. */
export async function* usesOf(store: ObjectStore, backup: string): AsyncIterable<{ restore: string }> {
  const signal = activitySignal();
  for await (const directory of store.listCommonPrefixes(restoresDirectory, '/', { signal })) {
    for await (const key of store.listObjects(`${directory}staging/`, { signal })) {
      if (key.endsWith(`/uses-${backup}`)) yield { restore: directory.slice(restoresDirectory.length, -1) };
    }
  }
}

/**
 * Deletes the files of the restores that were made from the backup, their records last. Resolves with the names of restores whose
 * record can't be read: they stay.
 */
export async function deleteRestoresOf(store: ObjectStore, backup: string): Promise<string[]> {
  const signal = activitySignal();
  const unreadable: string[] = [];
  for await (const directory of store.listCommonPrefixes(restoresDirectory, '/', { signal })) {
    const name = directory.slice(restoresDirectory.length, -1);
    const { record } = restoreLayout(name);
    if (!(await store.objectExists(record, { signal }))) continue;
    const { spec } = ((await jsonObjectOf(store, record)) ?? {}) as {
      readonly spec?: { readonly backupName?: string };
    };
    if (spec === undefined) unreadable.push(name);
    if (spec?.backupName !== backup) continue;
    await deleteAll(store, directory, { kept: [record], signal });
    await store.deleteObject(record, { signal });
  }
  return unreadable;
}
