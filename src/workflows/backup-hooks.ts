import type { PodRef } from '../activities/pod-hooks.ts';
import type { BlockPod, HookBlock } from '../activities/select-hooks.ts';
import type { BatchRef } from '../api/run.ts';
import { steps } from './activity-options.ts';
import type { BackupRun } from './backup.ts';
import { assertNotCancelled, historyIsLong } from './endings.ts';
import { Lanes } from './lanes.ts';
import { runHook } from './run-hook.ts';
import { snapshotFrozenVolumes } from './snapshots.ts';

/** Pods with hooks, from when they are collected until their hooks have run. */
export interface HookedPods {
  /** Their batches, and where the segments of these will stand. */
  readonly batches: { readonly batch: BatchRef; readonly order: readonly number[] }[];
  /** Every pod has been listed. */
  due: boolean;
  /** How many blocks are done: the first ones. */
  done: number;
  /** Pods that a `pre` hook keeps out of the backup, with the place of their batch. */
  readonly failed: (PodRef & { readonly batch: number })[];
}

/**
 * Freezes, snapshots and thaws the pods block by block, some side by side. Resolves with whether all are done; one block at least
 * is, and the rest is left where the history is long and `mayLeave`. No pod is left frozen, however this ends.
 */
export async function runHookBlocks(backup: BackupRun, hooked: HookedPods, mayLeave: boolean): Promise<boolean> {
  const { snapshotLocations } = backup.prepared;
  const batches = hooked.batches.map(({ batch }) => batch);
  const input = { ...backup.planned, batches, volumes: snapshotLocations.length > 0 };
  const isLeaving = (): boolean => mayLeave && historyIsLong();
  let total: number;
  do {
    if (backup.steering.isPaused) await backup.steering.resumed();
    const selected = await steps.selectHooks.executeWithOptions({ summary: `from block ${hooked.done + 1}` }, [
      { ...input, step: backup.nextStep('hooks'), from: hooked.done },
    ]);
    total = selected.total;
    backup.report(selected.report);
    // A paused run begins no block; one that is begun goes on until its pods are thawed.
    const lanes = new Lanes(() => backup.steering.openBatches);
    await lanes.run(async () => {
      for (const block of selected.blocks) {
        await lanes.start(() => runBlock(backup, hooked, block));
        hooked.done++;
        if (isLeaving()) break;
      }
    });
  } while (hooked.done < total && !isLeaving());
  return hooked.done >= total;
}

/** The pods of one batch that a hook keeps out. */
export function failedPods({ failed }: HookedPods, batch: number): PodRef[] {
  return failed.filter((pod) => pod.batch === batch).map(refOf);
}

/** One block: what freezes its pods, the snapshots of their volumes, and, whatever came of these, what thaws them. */
async function runBlock(backup: BackupRun, hooked: HookedPods, { pods, volumes }: HookBlock): Promise<void> {
  const begun: BlockPod[] = [];
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  };
  await attempt(async () => {
    for (const pod of pods) {
      assertNotCancelled();
      begun.push(pod);
      const { namespace, name, batch } = pod;
      if (!(await freeze(backup, hooked, pod))) hooked.failed.push({ namespace, name, batch });
    }
    if (volumes) await snapshotFrozenVolumes(backup, volumes);
  });
  for (const pod of begun) await thaw(backup, hooked, { pod, attempt });
  if (failures.length > 0) throw failures[0];
}

/** Runs a pod's `pre` hooks in order; `false` if one failed that keeps the pod out: the others are only counted, as Velero does. */
async function freeze(backup: BackupRun, hooked: HookedPods, pod: BlockPod): Promise<boolean> {
  for (const [index, { timeoutMs }] of pod.pre.entries()) {
    assertNotCancelled();
    const which = { batch: hooked.batches[pod.batch]!.batch, pod: refOf(pod), at: refOf(pod), phase: 'pre' as const };
    const { stops } = await runHook(backup, { ...which, index, timeoutMs });
    if (!stops) continue;
    backup.progress.hooks({ attempted: pod.pre.length - index - 1 });
    return false;
  }
  return true;
}

/** Runs all of a pod's `post` hooks, also when one of them fails: each may thaw something else. */
async function thaw(
  backup: BackupRun,
  hooked: HookedPods,
  { pod, attempt }: { readonly pod: BlockPod; readonly attempt: (work: () => Promise<unknown>) => Promise<void> },
): Promise<void> {
  const which = { batch: hooked.batches[pod.batch]!.batch, pod: refOf(pod), at: refOf(pod), phase: 'post' as const };
  for (const [index, { timeoutMs }] of pod.post.entries())
    await attempt(() => runHook(backup, { ...which, index, timeoutMs }));
}

function refOf({ namespace, name }: PodRef): PodRef {
  return { namespace, name };
}
