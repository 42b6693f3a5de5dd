import { BowlineError } from '../api/errors.ts';
import { excludeFromRestoreLabel } from '../api/labels.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';

/**
 * Why an item of a backup is not restored, whatever the spec says; `undefined` if it is. Source: Velero v1.18.1
 * `pkg/restore/restore.go`.
 *
 * @throws BowlineError `InvalidItem` for a status that can't be read
 */
export function skipReason(groupResource: GroupResource, item: Unstructured): string | undefined {
  if (item.metadata.labels?.[excludeFromRestoreLabel] === 'true') return `it is labelled ${excludeFromRestoreLabel}`;
  if (groupResource === 'pods') {
    const phase = statusText(item, 'phase');
    if (phase === 'Succeeded' || phase === 'Failed') return `the pod has ended (${phase})`;
    if (item.metadata.annotations?.['kubernetes.io/config.mirror']) return 'it is a mirror pod, which its node creates';
  }
  if (groupResource === 'jobs.batch' && statusText(item, 'completionTime')) return 'the job is complete';
  return undefined;
}

function statusText({ status }: Unstructured, field: string): string {
  if (status === undefined) return '';
  const isObject = typeof status === 'object' && status !== null && !Array.isArray(status);
  const value = isObject ? ((status as Readonly<Record<string, unknown>>)[field] ?? '') : undefined;
  if (typeof value === 'string') return value;
  throw new BowlineError('InvalidItem', `status.${field}: expected text`);
}
