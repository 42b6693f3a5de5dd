import type { GroupResource, Unstructured } from '../api/unstructured.ts';

/** Why an item of a backup is not restored, whatever the spec says; `undefined` if it is. Source: Velero `pkg/restore/restore.go`. */
export function skipReason(groupResource: GroupResource, item: Unstructured): string | undefined {
  const status = (item['status'] ?? {}) as { phase?: unknown; completionTime?: unknown };
  if (groupResource === 'pods') {
    if (status.phase === 'Succeeded' || status.phase === 'Failed') return `the pod has ended (${status.phase})`;
    if (item.metadata.annotations?.['kubernetes.io/config.mirror']) return 'it is a mirror pod, which its node creates';
  }
  if (groupResource === 'jobs.batch' && status.completionTime) return 'the job is complete';
  return undefined;
}
