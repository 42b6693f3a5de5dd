import pLimit from 'p-limit';
import { errorText } from '../api/errors.ts';
import { cloneJson } from '../api/json.ts';
import type { BatchRef, ReportRef, StagedRef, Step } from '../api/run.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { createApplyItem, type Outcome } from './apply-item.ts';
import type { RestoreBatchItem } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { isItemError } from './item-errors.ts';
import { activitySignal } from './lease.ts';
import type { OpenRun, Planned, RestorePlan } from './plan.ts';
import { Report, reportLines } from './report.ts';
import { readRestoreBatch } from './restore-batch.ts';
import { resetMetadata } from './reset-metadata.ts';
import { RestoredPods, type RestoredPodsRef } from './restored-pods.ts';
import type { Staging } from './staging.ts';
import { prepareVolumeItem, type VolumesInRestore } from './volumes-in-restore.ts';

/** A PersistentVolume that points to its restored volume. */
export interface RestoredPersistentVolume {
  readonly persistentVolume: string;
  readonly item: StagedRef;
  /** The name to create it under, if it is another. */
  readonly renamedTo?: string;
}

/** A batch to apply, after its actions and its volumes. */
export interface ApplyItemsInput extends Planned {
  readonly step: Step;
  readonly batch: BatchRef;
  /** PersistentVolumes of the batch whose volumes have been made from snapshots. */
  readonly volumes: readonly RestoredPersistentVolume[];
  /** PersistentVolumes of the batch whose volumes could not be made, with the reason. */
  readonly failedVolumes: Readonly<Record<string, string>>;
  /** Reports of the PersistentVolumes applied before, for the claims that name them. */
  readonly volumeReports: readonly ReportRef[];
}

/** What became of a batch; its errors and warnings are in the report. */
export interface AppliedItems {
  readonly report: ReportRef;
  readonly created: number;
  /** PersistentVolumes of `volumes` that were created. */
  readonly createdVolumes: readonly string[];
  /** Pods that were created and have hooks; absent without any. */
  readonly hooked?: readonly RestoredPodsRef[];
}

/** The step of a restore that creates objects. */
export interface ApplyItemsActivities {
  /**
   * Creates the items of one batch in the cluster, many at a time, and settles those that exist. Safe to repeat: an object that
   * bears this run's uid was created by an earlier attempt and counts as created.
   */
  applyItems(input: ApplyItemsInput): Promise<AppliedItems>;
}

/** The activities over a worker's dependencies. What the API server takes is limited for all of a worker's batches together. */
export function createApplyItems(dependencies: Dependencies, openRun: OpenRun): ApplyItemsActivities {
  const { kubernetes, config, now } = dependencies;
  // One limit for all batches of a worker: what the API server takes does not grow with their number.
  const limit = pLimit(config.concurrency.requests);

  return {
    async applyItems(input) {
      const { staging, plan } = await openRun<RestorePlan>(input);
      const signal = activitySignal();
      const report = new Report(now);
      const volumes = await volumesOf(staging, input, plan);
      const applyItem = createApplyItem({ kubernetes, plan, uid: input.run.uid, report, signal, now });
      const hooked = new RestoredPods(plan.restore, report);

      async function settle(entry: RestoreBatchItem): Promise<Settled> {
        signal.throwIfAborted();
        const { groupResource } = entry;
        let item = entry.item ?? resetMetadata(cloneJson(entry.itemFromBackup));
        const original = { groupResource, namespace: item.metadata.namespace ?? '', name: item.metadata.name };
        try {
          const prepared = prepareVolumeItem(groupResource, item, volumes);
          if (prepared.line) report.add(prepared.line);
          if (prepared.leftOut !== undefined) {
            report.info(`Skipping item: ${prepared.leftOut}`, original);
            return { name: original.name, outcome: 'skipped' };
          }
          item = inTargetNamespace(prepared.item, volumes.namespaceMapping);
          const outcome = await applyItem(groupResource, item);
          report.item(groupResource, item, outcome);
          if (groupResource === 'pods' && outcome === 'created') hooked.add(entry.itemFromBackup, item);
          return { name: original.name, outcome };
        } catch (error) {
          if (!isItemError(error)) throw error;
          report.error(
            'Error restoring item',
            { ...original, namespace: item.metadata.namespace ?? '' },
            errorText(error),
          );
          report.item(groupResource, item, 'failed');
          return { name: original.name, outcome: 'failed' };
        }
      }

      const entries = await readRestoreBatch(staging, input.batch);
      const settled = await Promise.all(entries.map((entry) => limit(() => settle(entry))));
      const created = settled.filter(({ outcome }) => outcome === 'created');
      return {
        report: await report.write(staging, input.step),
        created: created.length,
        createdVolumes: created.map(({ name }) => name).filter((name) => volumes.restored.has(name)),
        ...(!hooked.isEmpty && { hooked: await hooked.write(staging, input.step) }),
      };
    },
  };
}

interface Settled {
  /** The name at the backup. */
  readonly name: string;
  readonly outcome: Outcome;
}

async function volumesOf(staging: Staging, input: ApplyItemsInput, plan: RestorePlan): Promise<VolumesInRestore> {
  const volumes: VolumesInRestore = {
    restored: new Map(),
    failed: new Map(Object.entries(input.failedVolumes)),
    settled: new Map(),
    snapshotted: new Set(plan.snapshots.map(({ spec }) => spec.persistentVolumeName)),
    namespaceMapping: plan.restore.spec.namespaceMapping ?? {},
  };
  for (const { item, persistentVolume, renamedTo } of input.volumes) {
    const [volume] = (await staging.readLines(item)) as Unstructured[];
    if (volume) volumes.restored.set(persistentVolume, { item: volume, ...(renamedTo !== undefined && { renamedTo }) });
  }
  for await (const line of reportLines(staging, input.volumeReports, 'volume'))
    volumes.settled.set(line.persistentVolume, line);
  return volumes;
}

function inTargetNamespace(item: Unstructured, mapping: Readonly<Record<string, string>>): Unstructured {
  const { namespace } = item.metadata;
  if (namespace !== undefined) item.metadata.namespace = mapping[namespace] ?? namespace;
  else if (item.kind === 'Namespace' && item.apiVersion === 'v1')
    item.metadata.name = mapping[item.metadata.name] ?? item.metadata.name;
  return item;
}
