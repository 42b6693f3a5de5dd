import pLimit from 'p-limit';
import { errorCode, errorText } from '../api/errors.ts';
import type { BatchRef, ReportRef, Step } from '../api/run.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { ApiResource } from '../api/api-resource.ts';
import type { BackupFilter } from '../selection/backup-filter.ts';
import type { Hook } from '../selection/hook.ts';
import { claimsOf, podBlocks, type PodBlock } from '../selection/pod-blocks.ts';
import { BackupEntry, readBackupBatch, writeBackupBatch } from './backup-batch.ts';
import type { Dependencies } from './dependencies.ts';
import { isItemError } from './item-errors.ts';
import { activitySignal } from './lease.ts';
import type { BackupPlan, OpenRun, Planned } from './plan.ts';
import { plannedFilter } from './planned-filter.ts';
import { backupHooksOf, podRef, type PodRef } from './pod-hooks.ts';
import { Report } from './report.ts';

/** A hook, as far as a workflow has to know it. */
export interface HookRef {
  readonly timeoutMs: number;
}

/** A pod with hooks, and the place of its batch in the input's list. */
export interface BlockPod extends PodRef {
  readonly batch: number;
  readonly pre: readonly HookRef[];
  readonly post: readonly HookRef[];
}

/** Pods that share claims, directly or through others: they are frozen together. */
export interface HookBlock {
  readonly pods: readonly BlockPod[];
  /** The PersistentVolumes behind the claims that are in the backup; absent if there are none. */
  readonly volumes?: BatchRef;
}

/** Batches of pods with hooks. */
export interface SelectHooksInput extends Planned {
  readonly step: Step;
  readonly batches: readonly BatchRef[];
  /** The first block to tell of: those before are done. */
  readonly from: number;
  /** Whether volumes are snapshotted at all. */
  readonly volumes: boolean;
}

/** Some of the blocks that the pods form: the same ones in the same order, each time it is asked. */
export interface SelectedHooks {
  readonly blocks: readonly HookBlock[];
  /** How many there are in all. */
  readonly total: number;
  readonly report: ReportRef;
}

/** The step that plans the hooks of a backup. */
export interface SelectHooksActivities {
  /**
   * Groups pods by the claims that they share, and finds the volumes of some of these blocks. Safe to repeat: it writes to keys of
   * its own attempt.
   */
  selectHooks(input: SelectHooksInput): Promise<SelectedHooks>;
}

/** Pods that one call tells of, more or less: what workflows are told must not grow with the backup. */
const podsPerCall = 500;

/** The activities over a worker's dependencies. */
export function createSelectHooks(dependencies: Dependencies, openRun: OpenRun): SelectHooksActivities {
  const { kubernetes, config, now } = dependencies;
  return {
    async selectHooks(input) {
      const { staging, plan } = await openRun<BackupPlan>(input);
      const hooksOf = await backupHooksOf(dependencies, plan);
      const report = new Report(now);
      const pods: { pod: BlockPod; claims: string[] }[] = [];
      for (const [batch, ref] of input.batches.entries()) {
        for (const entry of await readBackupBatch(staging, ref)) {
          const item = entry.parse();
          const { pre, post } = hooksOf(item);
          const pod = { ...podRef(item), batch, pre: pre.map(refOf), post: post.map(refOf) };
          pods.push({ pod, claims: claimsOf(item) });
        }
      }
      const volumesOf = await createVolumesOf(plan, report);
      const limit = pLimit(config.concurrency.requests);
      const all = podBlocks(pods);
      const blocks = await Promise.all(
        firstOf(all.slice(input.from)).map(({ pods: members, claims }, index) =>
          limit(async (): Promise<HookBlock> => {
            const volumes = input.volumes ? await volumesOf(claims) : [];
            if (volumes.length === 0) return { pods: members };
            return { pods: members, volumes: await writeBackupBatch(staging, `${input.step}-${index}`, volumes) };
          }),
        ),
      );
      return { blocks, total: all.length, report: await report.write(staging, input.step) };
    },
  };

  /** A function that fetches the volumes of claims, as far as they go into the backup. */
  async function createVolumesOf(
    plan: BackupPlan,
    report: Report,
  ): Promise<(claims: readonly string[]) => Promise<BackupEntry[]>> {
    const signal = activitySignal();
    const discovery = await kubernetes.discover({ signal });
    const [claimResource, volumeResource] = ['persistentvolumeclaims', 'persistentvolumes'].map((one) =>
      discovery.find(one),
    );
    if (claimResource === undefined || volumeResource === undefined) return async () => [];
    const filter = plannedFilter(plan, discovery);

    return async (claims) => {
      const found: BackupEntry[] = [];
      for (const key of claims) {
        const [namespace = '', name = ''] = key.split('/');
        const claim = await get(claimResource, { namespace, name });
        const { volumeName } = (claim?.['spec'] ?? {}) as { volumeName?: string };
        if (claim === undefined || !volumeName) continue;
        const volume = await get(volumeResource, { name: volumeName });
        if (volume === undefined || !isBackedUp(filter, { claim, claimResource, volume, volumeResource })) continue;
        const { groupResource, version } = volumeResource;
        found.push(BackupEntry.of({ groupResource, version, item: volume }));
      }
      return found;
    };

    /** Resolves with nothing for an absent one: whoever archives it tells of that. */
    async function get(
      resource: ApiResource,
      ref: { readonly namespace?: string; readonly name: string },
    ): Promise<Unstructured | undefined> {
      try {
        return await kubernetes.get(resource, ref, { signal });
      } catch (error) {
        if (!isItemError(error)) throw error;
        const item = { groupResource: resource.groupResource, namespace: '', ...ref };
        if (errorCode(error) !== 'NotFound')
          report.warning('Volume is not snapshotted together with the pod that mounts it', item, errorText(error));
        return undefined;
      }
    }
  }
}

/** One block at least, and more as long as there are few pods in them. */
function firstOf(blocks: readonly PodBlock<BlockPod>[]): readonly PodBlock<BlockPod>[] {
  let pods = 0;
  const end = blocks.findIndex((block, index) => (pods += block.pods.length) > podsPerCall && index > 0);
  return end < 0 ? blocks : blocks.slice(0, end);
}

/** A volume is in the backup if it is listed, or its claim asks for it. */
function isBackedUp(
  filter: BackupFilter,
  found: {
    readonly claim: Unstructured;
    readonly claimResource: ApiResource;
    readonly volume: Unstructured;
    readonly volumeResource: ApiResource;
  },
): boolean {
  const { claim, claimResource, volume, volumeResource } = found;
  if (!filter.allowsAdditional(volumeResource, volume)) return false;
  const isListed = filter.resources.some(({ groupResource }) => groupResource === volumeResource.groupResource);
  return filter.allowsAdditional(claimResource, claim) || (isListed && filter.selects(volumeResource, volume));
}

function refOf({ timeoutMs }: Hook): HookRef {
  return { timeoutMs };
}
