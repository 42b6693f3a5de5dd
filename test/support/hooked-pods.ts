import type { Activities } from '../../src/activities/index.ts';
import type { BlockPod, HookBlock } from '../../src/activities/select-hooks.ts';
import { batchRef, reportRef, selectedVolumes, stagedRef } from './stub-activities.ts';

const hook = { timeoutMs: 1_000 };

/** A pod of the batch at that place, with so many hooks. */
export function blockPod(name: string, { pre = 1, post = 1, batch = 0 } = {}): BlockPod {
  return {
    namespace: 'shop',
    name,
    batch,
    pre: Array.from({ length: pre }, () => hook),
    post: Array.from({ length: post }, () => hook),
  };
}

/** A block whose pods share these PersistentVolumes. */
export function block(pods: readonly BlockPod[], ...volumes: readonly string[]): HookBlock {
  if (volumes.length === 0) return { pods };
  return { pods, volumes: batchRef(`volumes ${volumes.join(' ')}`, 'persistentvolumes', volumes.length) };
}

/**
 * Stubs of a backup that lists pods with hooks in one call, and then the PersistentVolumes of all blocks in another. The volumes
 * of a batch are those that its key names.
 */
export function withHooks(blocks: readonly HookBlock[]): Partial<Activities> {
  const volumes = blocks.flatMap((one) => volumesIn(one.volumes?.key ?? ''));
  return {
    async collectItems({ step, from }) {
      const nothing = { segments: [], report: reportRef(step), archived: {}, remaining: 0 };
      if (from.list === 0)
        return {
          ...nothing,
          batches: [],
          hooked: [batchRef('pods', 'pods', blocks.flatMap(({ pods }) => pods).length)],
          hooksAreDue: true,
          next: { list: 1 },
          selected: {},
        };
      const batches =
        volumes.length > 0 ? [batchRef(`volumes ${volumes.join(' ')}`, 'persistentvolumes', volumes.length)] : [];
      return { ...nothing, batches, selected: {} };
    },
    selectHooks: async ({ step, from }) => ({
      blocks: blocks.slice(from, from + 5),
      total: blocks.length,
      report: reportRef(`${step}-report`),
    }),
    selectVolumes: async ({ batch }) => selectedVolumes(volumesIn(batch.key)),
    archiveItems: async ({ batch, step, order }) => ({
      segment: { ...stagedRef(`${step}-segment`), items: batch.items, order },
      report: reportRef(`${step}-report`),
      archived: {},
    }),
  };
}

function volumesIn(key: string): string[] {
  return key.startsWith('volumes ') ? key.split(' ').slice(1) : [];
}
