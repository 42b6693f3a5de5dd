import type { Counts } from '../api/backup.ts';
import { errorCode } from '../api/errors.ts';
import type { BatchRef, PlannedAction, RunSettings, Step } from '../api/run.ts';
import type { GroupResource } from '../api/unstructured.ts';
import { resolveSelector } from '../selection/resource-selector.ts';
import { describeContents, parseItem } from './backup-contents.ts';
import { assertFewSingleItems } from './batch-limit.ts';
import { BatchWriters } from './batch.ts';
import { deletionLine } from './deletion-batch.ts';
import type { Dependencies } from './dependencies.ts';
import { findAction } from './execute-backup-item-action.ts';
import { activitySignal } from './lease.ts';
import type { OpenRun, Planned } from './plan.ts';
import { readContents } from './read-contents.ts';
import { WorkerLog, type Told } from './worker-log.ts';

/** What to read a backup's tarball for, before the backup is deleted. */
export interface UnpackDeletionInput extends Planned {
  readonly step: Step;
  readonly batch: RunSettings['batch'];
  /** The names of the actions that are to run. */
  readonly actions: readonly string[];
}

/** The items that actions are to see, as batches of one group-resource each. */
export interface UnpackedDeletion extends Told {
  readonly batches: readonly BatchRef[];
  /** In the order in which they run, each with the group-resources that it matches in the backup. */
  readonly actions: readonly PlannedAction[];
  readonly selected: Counts;
}

/** The step of a deletion that reads the tarball. */
export interface UnpackDeletionActivities {
  /**
   * Streams the tarball once and cuts the items that actions select into batches; nothing else is kept. A tarball that is damaged
   * gives none, and is an error that is told and counted: its backup is to be deleted all the same. Safe to repeat: it writes to
   * keys of its own attempt.
   */
  unpackDeletion(input: UnpackDeletionInput): Promise<UnpackedDeletion>;
}

/** The activities over a worker's dependencies. */
export function createUnpackDeletion(dependencies: Dependencies, openRun: OpenRun): UnpackDeletionActivities {
  const { kubernetes, deleteItemActions } = dependencies;

  return {
    async unpackDeletion(input) {
      const log = new WorkerLog();
      try {
        return { ...(await unpack(input, log)), ...log.told };
      } catch (error) {
        if (errorCode(error) !== 'CorruptBackup') throw error;
        log.error('Item actions are left out: the backup is damaged', undefined, error);
        return { batches: [], actions: [], selected: {}, ...log.told };
      }
    },
  };

  async function unpack(
    input: UnpackDeletionInput,
    log: WorkerLog,
  ): Promise<Pick<UnpackedDeletion, 'batches' | 'actions' | 'selected'>> {
    const { staging } = await openRun(input);
    const discovery = await kubernetes.discover({ signal: activitySignal() });
    // What the cluster does not serve any more is matched by the name that the tarball has for it.
    const selectors = input.actions.map((name) => {
      const { appliesTo } = findAction(deleteItemActions, name);
      return { name, ...resolveSelector(appliesTo, (resource) => discovery.resolve(resource)?.groupResource) };
    });
    const store = await dependencies.store(input.run.location);
    const contents = await describeContents(store, input.run.name);
    const isSelected = (groupResource: GroupResource): boolean =>
      selectors.some((selector) => selector.matchesResource(groupResource));
    const writers = new BatchWriters(staging, input.step, input.batch);
    let staged = 0;
    for await (const entry of readContents(
      { store, backup: input.run.name, contents },
      { mayHold: isSelected, wanted: ({ groupResource }) => isSelected(groupResource) },
    )) {
      const item = parseItem(entry, log);
      const { groupResource, namespace } = entry;
      const matched = { groupResource, namespace, labels: item?.metadata.labels };
      if (item === undefined || !selectors.some((selector) => selector.matchesItem(matched))) continue;
      assertFewSingleItems(input.batch, ++staged);
      await writers.add(deletionLine({ groupResource, item }));
    }
    const found = await writers.finish();
    const counts = [...found].map(([name, batches]) => [name, batches.reduce((sum, { items }) => sum + items, 0)]);
    return {
      batches: [...found.values()].flat(),
      actions: selectors.map(({ name, matchesResource }) => ({
        name,
        groupResources: [...found.keys()].filter(matchesResource),
      })),
      selected: Object.fromEntries(counts) as Counts,
    };
  }
}
