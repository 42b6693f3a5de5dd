import { activityInfo } from '@temporalio/activity';
import { BowlineError, errorCode } from '../api/errors.ts';
import { restoreUidLabel } from '../api/labels.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { ApplyContext, Outcome } from './apply-item.ts';
import { notYet } from './failures.ts';

/** How long a terminating namespace of the same name may take to go. Velero's `--terminating-resource-timeout`. */
const terminatingTimeoutMs = 10 * 60_000;

/**
 * Makes sure that a namespace exists. One that is there is used as it is; one that is terminating is waited for, by a failure
 * that asks to be repeated. It gets this run's uid for a label and none of Velero's, as there.
 */
export async function applyNamespace(
  { kubernetes, uid, signal, now }: Pick<ApplyContext, 'kubernetes' | 'uid' | 'signal' | 'now'>,
  item: Unstructured,
): Promise<Outcome> {
  const discovery = await kubernetes.discover({ signal });
  const resource = discovery.find('namespaces');
  if (resource === undefined) throw new BowlineError('NotFound', 'create namespaces: the cluster does not serve them');
  const namespace = {
    ...item,
    metadata: { ...item.metadata, labels: { ...item.metadata.labels, [restoreUidLabel]: uid } },
  };
  try {
    await kubernetes.create(resource, namespace, { signal });
    return 'created';
  } catch (error) {
    if (errorCode(error) !== 'AlreadyExists') throw error;
  }
  const { name } = item.metadata;
  const existing = await kubernetes.get(resource, { name }, { signal });
  if (existing.metadata.deletionTimestamp === undefined) {
    return existing.metadata.labels?.[restoreUidLabel] === uid ? 'created' : 'skipped';
  }
  if (now().getTime() - activityInfo().scheduledTimestampMs < terminatingTimeoutMs)
    throw notYet(`namespace ${name} is terminating`, 1_000);
  throw new BowlineError(
    'InvalidItem',
    `create namespaces ${name}: it has been terminating for ${terminatingTimeoutMs / 60_000} minutes`,
  );
}
