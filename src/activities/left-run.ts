import type { RunRef } from '../api/run.ts';
import { backupsDirectory, pluginsDirectory, restoresDirectory } from '../backup-format/layout.ts';
import type { Dependencies } from './dependencies.ts';

/** A run that has left something in a storage location: a backup or the deletion of one, a restore, the checks of a location. */
export interface LeftRun {
  readonly kind: 'backup' | 'restore' | 'check';
  /** The backup's, the restore's or the location's. */
  readonly name: string;
  readonly uid: string;
  /** The storage location where it lies. */
  readonly location: string;
}

/** Where what a run leaves can lie, by the first part of its keys. */
export const leftoverPrefixes: readonly string[] = [
  backupsDirectory,
  restoresDirectory,
  `${pluginsDirectory}bowline-validate-`,
];

/** Whose a key is, if it is one of a run's own; `undefined` for what belongs to finished backups and restores. */
export function ownerOf(key: string, location: string): LeftRun | undefined {
  const [, directory, name, uid] = /^(backups|restores)\/([^/]+)\/staging\/([^/]+)\//.exec(key) ?? [];
  if (directory !== undefined)
    return { kind: directory === 'backups' ? 'backup' : 'restore', name: name!, uid: uid!, location };
  const [, check] = /^plugins\/bowline-validate-([^/]+)\//.exec(key) ?? [];
  return check === undefined ? undefined : { kind: 'check', name: location, uid: check, location };
}

/** What all keys of such a run begin with. */
export function prefixOf({ kind, name, uid }: LeftRun): string {
  if (kind === 'check') return `${pluginsDirectory}bowline-validate-${uid}/`;
  return `${kind === 'backup' ? backupsDirectory : restoresDirectory}${name}/staging/${uid}/`;
}

/** The ids of the workflows whose keys look like this one's. */
function workflowIdsOf({ kind, name }: Pick<LeftRun, 'kind' | 'name'>, idPrefix: string): string[] {
  const ids = { backup: ['backup', 'delete-backup'], restore: ['restore'], check: ['check-conformance'] }[kind];
  return ids.map((id) => `${idPrefix}${id}/${name}`);
}

/** Whether the run goes on, by Temporal's own word. A server that does not tell which run it is counts as one that says so. */
export async function isAlive({ runningRun, config }: Dependencies, run: LeftRun): Promise<boolean> {
  const ids = workflowIdsOf(run, config.temporal.idPrefix);
  const running = await Promise.all(ids.map((id) => runningRun(id)));
  return running.some((uid) => uid === '' || uid === run.uid);
}

/** Whether a run of that kind and name goes on, whichever. */
export async function isNameInUse(
  { runningRun, config }: Dependencies,
  run: Pick<RunRef, 'name'> & Pick<LeftRun, 'kind'>,
): Promise<boolean> {
  const ids = workflowIdsOf(run, config.temporal.idPrefix);
  return (await Promise.all(ids.map((id) => runningRun(id)))).some((uid) => uid !== undefined);
}
