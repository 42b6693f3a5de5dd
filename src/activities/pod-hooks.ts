import type { BatchRef } from '../api/run.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import { backupHooks, type PodHooks } from '../selection/backup-hooks.ts';
import type { Hook } from '../selection/hook.ts';
import { restoreHooks } from '../selection/restore-hooks.ts';
import { readBackupBatch } from './backup-batch.ts';
import type { Dependencies } from './dependencies.ts';
import { activitySignal } from './lease.ts';
import type { BackupPlan, Planned, RestorePlan } from './plan.ts';
import { Remembered } from './remembered.ts';
import { readRestoreBatch, type RestoreBatchItem } from './restore-batch.ts';
import type { Staging } from './staging.ts';

/** When a hook runs: before or after the snapshots of a backup, or once a restored container is up. */
export type HookPhase = 'pre' | 'post' | 'restore';

/** A pod. In a restore's batch, `namespace` is the one at the backup. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
}

/** The hooks of one pod of a batch. */
export interface HookedPod {
  /** Where it is in the cluster. */
  readonly pod: PodRef;
  readonly hooks: Readonly<Partial<Record<HookPhase, readonly Hook[]>>>;
}

/** The hooks of a batch's pods, by `podKey`. */
export type ReadHooks = (
  input: Planned & { readonly batch: BatchRef },
  opened: { readonly staging: Staging; readonly plan: BackupPlan | RestorePlan },
) => Promise<ReadonlyMap<string, HookedPod>>;

/** Batches whose hooks are remembered at the same time in one worker. */
const rememberedBatches = 20;

/** One text per pod of a batch. */
export function podKey({ namespace, name }: PodRef): string {
  return `${namespace}/${name}`;
}

/** Which pod an item is. */
export function podRef({ metadata: { namespace = '', name } }: Unstructured): PodRef {
  return { namespace, name };
}

/** A function that tells the hooks of a pod in a backup, its names resolved by the cluster. */
export async function backupHooksOf(
  { kubernetes }: Pick<Dependencies, 'kubernetes'>,
  { backup }: Pick<BackupPlan, 'backup'>,
): Promise<(pod: Unstructured) => PodHooks> {
  const discovery = await kubernetes.discover({ signal: activitySignal() });
  return backupHooks(backup.spec.hooks, (name) => discovery.resolve(name)?.groupResource);
}

/** Whether an item of a backup is a pod with hooks. */
export type IsHooked = (groupResource: GroupResource, item: Unstructured) => boolean;

/** `IsHooked` for one backup. */
export async function createIsHooked(
  dependencies: Pick<Dependencies, 'kubernetes'>,
  plan: Pick<BackupPlan, 'backup'>,
): Promise<IsHooked> {
  const hooksOf = await backupHooksOf(dependencies, plan);
  return (groupResource, item) => {
    if (groupResource !== 'pods') return false;
    const { pre, post } = hooksOf(item);
    return pre.length > 0 || post.length > 0;
  };
}

/** `ReadHooks` that reads each batch once per worker: a batch never changes. Commands go nowhere but to the worker that runs them. */
export function createReadHooks(dependencies: Pick<Dependencies, 'kubernetes'>): ReadHooks {
  const batches = new Remembered<ReadonlyMap<string, HookedPod>>(rememberedBatches);

  async function read(batch: BatchRef, staging: Staging, plan: BackupPlan | RestorePlan) {
    if ('restore' in plan) {
      const hooksOf = restoreHooks(plan.restore.spec.hooks);
      return (await readRestoreBatch(staging, batch)).map((entry): [string, HookedPod] => {
        const pod = restoredPod(entry, plan);
        return [podKey(podRef(entry.itemFromBackup)), { pod: podRef(pod), hooks: { restore: hooksOf(pod).hooks } }];
      });
    }
    const hooksOf = await backupHooksOf(dependencies, plan);
    return (await readBackupBatch(staging, batch)).map((entry): [string, HookedPod] => {
      const { pre, post } = hooksOf(entry.parse());
      const { namespace, name } = entry;
      return [podKey(entry), { pod: { namespace, name }, hooks: { pre, post } }];
    });
  }

  return ({ batch }, { staging, plan }) =>
    batches.get(batch.key, async () => new Map(await read(batch, staging, plan)));
}

function restoredPod({ item, itemFromBackup }: RestoreBatchItem, { restore }: RestorePlan): Unstructured {
  const pod = item ?? itemFromBackup;
  const { namespace = '' } = pod.metadata;
  return { ...pod, metadata: { ...pod.metadata, namespace: restore.spec.namespaceMapping?.[namespace] ?? namespace } };
}
