import type { Unstructured } from '../api/unstructured.ts';
import type { KubernetesReader } from '../kubernetes/reader.ts';
import { labelMatcher } from '../selection/label-selector.ts';

/**
 * What a restore's actions read: the cluster, and the backup's own PodVolumeBackups where the cluster has none. Those of the backup
 * count in whichever namespace they are looked for: Velero takes them into its own when it finds a backup.
 */
export function restoreReader(cluster: KubernetesReader, podVolumeBackups: readonly Unstructured[]): KubernetesReader {
  const selected = new Map<string, readonly Unstructured[]>();

  function select(labelSelector: string): readonly Unstructured[] {
    let found = selected.get(labelSelector);
    if (found === undefined) {
      const matchesLabels = labelMatcher(labelSelector);
      found = podVolumeBackups.filter(({ metadata }) => matchesLabels(metadata.labels));
      selected.set(labelSelector, found);
    }
    return found;
  }

  return {
    ...cluster,
    async list(groupResource, options) {
      const found = await cluster.list(groupResource, options);
      if (groupResource !== 'podvolumebackups.velero.io' || found.length > 0) return found;
      return select(options?.labelSelector ?? '');
    },
  };
}
