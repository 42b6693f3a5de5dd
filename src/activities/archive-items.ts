import type { Counts } from '../api/backup.ts';
import type { BatchRef, ReportRef, SegmentRef, Step } from '../api/run.ts';
import { Archive } from './archive.ts';
import { readBackupBatch } from './backup-batch.ts';
import type { Dependencies } from './dependencies.ts';
import type { BackupPlan, OpenRun, Planned } from './plan.ts';
import { podKey, type PodRef } from './pod-hooks.ts';
import { Report } from './report.ts';
import { describeVolume, skipVolume } from './select-volumes.ts';

/** A batch to archive, after its actions and its snapshots. */
export interface ArchiveItemsInput extends Planned {
  readonly step: Step;
  readonly order: readonly number[];
  readonly batch: BatchRef;
  /** PersistentVolumes of the batch whose snapshot failed, with the reason: they are left out, as Velero does. */
  readonly failedVolumes: Readonly<Record<string, string>>;
  /** PersistentVolumes of the batch that no snapshot location knows. */
  readonly unknownVolumes: readonly string[];
  /** Pods of the batch one of whose `pre` hooks failed: they are left out, too. Default none. */
  readonly failedPods?: readonly PodRef[];
}

/** What a batch came to in the archive, counted by group-resource. */
export interface ArchivedItems {
  /** Absent if every item was left out. */
  readonly segment?: SegmentRef;
  readonly report: ReportRef;
  readonly archived: Counts;
}

/** The step of a backup that writes a batch into the archive. */
export interface ArchiveItemsActivities {
  /** Writes the segment of one batch. Safe to repeat: the same batch gives the same bytes, under a key of each attempt's own. */
  archiveItems(input: ArchiveItemsInput): Promise<ArchivedItems>;
}

/** The activities over a worker's dependencies. */
export function createArchiveItems({ now }: Dependencies, openRun: OpenRun): ArchiveItemsActivities {
  return {
    async archiveItems(input) {
      const { staging, plan } = await openRun<BackupPlan>(input);
      const report = new Report(now);
      const archive = new Archive(plan.backup, report);
      const failed = new Map(Object.entries(input.failedVolumes));
      const failedPods = new Set((input.failedPods ?? []).map(podKey));
      const archived: Record<string, number> = {};
      for (const entry of await readBackupBatch(staging, input.batch)) {
        const { groupResource, name, identifier } = entry;
        if (groupResource === 'persistentvolumes' && failed.has(name)) {
          report.error('Error taking snapshot of volume', identifier, failed.get(name));
          continue;
        }
        if (groupResource === 'persistentvolumes' && input.unknownVolumes.includes(name))
          skipVolume(report, describeVolume(entry.parse()), 'no volume snapshot location knows the volume');
        if (groupResource === 'pods' && failedPods.has(podKey(entry))) {
          report.info('Skipping item: a hook that was to run before failed', identifier);
          continue;
        }
        await archive.add(entry);
        archived[groupResource] = (archived[groupResource] ?? 0) + 1;
      }
      const segment = await archive.write(staging, input.step, input.order);
      return { ...(segment && { segment }), report: await report.write(staging, input.step), archived };
    },
  };
}
