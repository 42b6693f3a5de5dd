import pLimit from 'p-limit';
import { cloneJson } from '../api/json.ts';
import type { PlannedChange } from '../api/planned-change.ts';
import { targetNamespace, type RestoreSpec } from '../api/restore.ts';
import type { BatchRef, ReportRef, StagedRef, Step } from '../api/run.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { statusFilter } from '../selection/status-filter.ts';
import { createApplyItem, type Outcome } from './apply-item.ts';
import type { Dependencies } from './dependencies.ts';
import { isItemError, itemErrorText } from './item-errors.ts';
import { activitySignal } from './lease.ts';
import { createPlanItem, type Groundwork, type Verdict } from './plan-item.ts';
import type { OpenRun, Planned, RestorePlan } from './plan.ts';
import { createPrepareItem, identifierOf } from './prepare-item.ts';
import { Report, reportLines } from './report.ts';
import { readRestoreBatch, type RestoreBatchItem } from './restore-batch.ts';
import { resetMetadata } from './reset-metadata.ts';
import { RestoredPods, type RestoredPodsRef } from './restored-pods.ts';
import type { Staging } from './staging.ts';
import { volumeSources, type PersistentVolumeSpec } from './volume-source.ts';
import type { VolumesInRestore } from './volumes-in-restore.ts';

/** A PersistentVolume that points to its restored volume. */
export interface RestoredPersistentVolume {
  readonly persistentVolume: string;
  /** Absent in a dry run, which makes no volume. */
  readonly item?: StagedRef;
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
  /** In a dry run, the reports of what is to be there by then: definitions and namespaces. Default none. */
  readonly groundwork?: readonly ReportRef[];
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
      const { spec } = plan.restore;
      const discovery = await kubernetes.discover({ signal });
      const restoresStatus = statusFilter(spec, (name) => discovery.resolve(name)?.groupResource);
      const context = { kubernetes, plan, uid: input.run.uid, report, signal, now, restoresStatus };
      const prepareItem = createPrepareItem({ plan, volumes, report });
      const applyItem = createApplyItem(context);
      const planItem = createPlanItem(context, await groundworkOf(staging, input.groundwork ?? []));
      const hooked = new RestoredPods(plan.restore, report);

      async function settle(entry: RestoreBatchItem): Promise<Settled> {
        signal.throwIfAborted();
        const { groupResource, itemFromBackup } = entry;
        let item = entry.item ?? resetMetadata(cloneJson(itemFromBackup));
        const { name } = item.metadata;
        const planned = (outcome: Outcome, verdict: Verdict): Settled => {
          return { name, outcome, change: { ...identifierOf(groupResource, item), ...verdict } };
        };
        try {
          const prepared = prepareItem(groupResource, item);
          const { leftOut } = prepared;
          item = prepared.item;
          if (leftOut !== undefined) {
            if (plan.dryRun) return planned('skipped', { action: 'skip', reason: leftOut });
            report.info(`Skipping item: ${leftOut}`, identifierOf(groupResource, item));
            return { name, outcome: 'skipped' };
          }
          if (plan.dryRun) {
            const verdict = await planItem({ groupResource, item, itemFromBackup });
            if (verdict.action === 'create') report.item(groupResource, item, 'created');
            return planned('skipped', verdict);
          }
          const outcome = await applyItem({ groupResource, item, itemFromBackup });
          report.item(groupResource, item, outcome);
          if (outcome !== 'created' && isLeftToItsOwner(groupResource, itemFromBackup, spec))
            report.add({ type: 'volume', persistentVolume: name, reprovision: true });
          if (groupResource === 'pods' && outcome === 'created') hooked.add(itemFromBackup, item);
          return { name, outcome };
        } catch (error) {
          if (!isItemError(error)) throw error;
          report.item(groupResource, item, 'failed');
          if (plan.dryRun) return planned('failed', { action: 'refused', reason: itemErrorText(error, item) });
          report.error('Error restoring item', identifierOf(groupResource, item), itemErrorText(error, item));
          return { name, outcome: 'failed' };
        }
      }

      const entries = await readRestoreBatch(staging, input.batch);
      const settled = await Promise.all(entries.map((entry) => limit(() => settle(entry))));
      for (const { change } of settled) if (change) report.change(change);
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
  /** What a dry run found. */
  readonly change?: PlannedChange;
}

async function volumesOf(staging: Staging, input: ApplyItemsInput, plan: RestorePlan): Promise<VolumesInRestore> {
  const volumes: VolumesInRestore = {
    restored: new Map(),
    failed: new Map(Object.entries(input.failedVolumes)),
    settled: new Map(),
    sourceOf: volumeSources(plan),
    spec: plan.restore.spec,
  };
  for (const { item, persistentVolume, renamedTo } of input.volumes) {
    const [volume] = item ? ((await staging.readLines(item)) as Unstructured[]) : [];
    volumes.restored.set(persistentVolume, {
      ...(volume && { item: volume }),
      ...(renamedTo !== undefined && { renamedTo }),
    });
  }
  for await (const line of reportLines(staging, input.volumeReports, 'volume'))
    volumes.settled.set(line.persistentVolume, line);
  return volumes;
}

async function groundworkOf(staging: Staging, reports: readonly ReportRef[]): Promise<Groundwork> {
  const groundwork = { namespaces: new Set<string>(), definitions: new Set<string>() };
  for await (const { groupResource, names, action } of reportLines(staging, reports, 'items')) {
    if (action !== 'created') continue;
    const made = groupResource === 'namespaces' ? groundwork.namespaces : groundwork.definitions;
    for (const name of names) made.add(name);
  }
  return groundwork;
}

/**
 * Whether a PersistentVolume that could not be created belongs to a claim that stays where it is, while its copy goes to another
 * namespace without its contents: Velero would make a second PersistentVolume that points to the same volume.
 */
function isLeftToItsOwner(groupResource: string, { spec: volume }: Unstructured, spec: RestoreSpec): boolean {
  if (groupResource !== 'persistentvolumes' || spec.restorePVs !== false) return false;
  const { claimRef } = (volume ?? {}) as PersistentVolumeSpec;
  return claimRef?.namespace !== undefined && targetNamespace(spec, claimRef.namespace) !== claimRef.namespace;
}
