import type { ApiResource } from '../api/api-resource.ts';
import { cloneJson, equalJson, type JsonObject } from '../api/json.ts';
import { backupNameLabel, restoreNameLabel, restoreUidLabel } from '../api/labels.ts';
import type { RestoreSpec } from '../api/restore.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Outcome } from './apply-item.ts';
import { isItemError, itemErrorText } from './item-errors.ts';
import { mergePatchBetween } from './merge-patch.ts';
import type { Report } from './report.ts';
import { resetMetadata } from './reset-metadata.ts';

/** An item whose name is taken in the cluster, and what to settle it with. */
export interface ExistingItem {
  readonly kubernetes: KubernetesClient;
  readonly resource: ApiResource;
  /** As it would have been created. */
  readonly item: Unstructured;
  /** This run's labels, which take no part in the comparison. */
  readonly labels: Readonly<Record<string, string>>;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly policy: NonNullable<RestoreSpec['existingResourcePolicy']>;
  /** Changes nothing. Default `false`. */
  readonly dryRun?: boolean;
}

/** What became of it. */
export interface SettledItem {
  readonly outcome: Outcome;
  /** How the backup's object differs from the one that exists, as a merge patch; absent if it does not. */
  readonly changes?: JsonObject;
  /** What the server said to a patch that it refused. */
  readonly refusal?: string;
}

/**
 * Settles an item whose name is taken: one that this run created earlier counts as created; an equal one is left alone; a
 * ServiceAccount is merged; others are patched with policy `update`, else a warning. That policy also gives what it finds the labels
 * with the names of backup and restore, even where nothing else is to be changed, or can be. Never the one with the run's uid, which
 * says that the run created it. Source: Velero v1.18.1 `pkg/restore/restore.go`.
 *
 * Differs from Velero: managed fields take no part in the comparison, because an object that was only re-applied is no different one.
 */
export async function settleExisting(existing: ExistingItem): Promise<SettledItem> {
  const { kubernetes, resource, item, labels, report, signal, policy, dryRun = false } = existing;
  const { name, namespace = '' } = item.metadata;
  const identifier = { groupResource: resource.groupResource, namespace, name };
  let found: Unstructured;
  try {
    found = await kubernetes.get(resource, identifier, { signal });
  } catch (error) {
    if (!isItemError(error)) throw error;
    const refusal = itemErrorText(error, item);
    report.warning(`could not read ${item.kind}:${name}, which exists`, identifier, refusal);
    return { outcome: 'skipped', refusal };
  }
  if (found.metadata.labels?.[restoreUidLabel] === labels[restoreUidLabel]) return { outcome: 'created' };

  const names = { [backupNameLabel]: labels[backupNameLabel]!, [restoreNameLabel]: labels[restoreNameLabel]! };
  const patch = (changes: object) => kubernetes.mergePatch(resource, identifier, changes, { signal, dryRun });

  const inCluster = comparable(found, labels);
  const desired = comparable(item, labels);
  if (equalJson(inCluster, desired)) {
    if (policy === 'update') await patch(withLabels({}, names));
    report.info('Skipping item: it exists and is equal', identifier);
    return { outcome: 'skipped' };
  }
  const merges = resource.groupResource === 'serviceaccounts';
  const changes = mergePatchBetween(inCluster, merges ? mergeServiceAccounts(inCluster, desired) : desired);
  if (changes === undefined) return { outcome: 'skipped' };
  if (!merges && policy !== 'update') {
    report.warning(
      `could not restore, ${item.kind}:${name} already exists. Warning: the in-cluster version is different than the backed-up version`,
      identifier,
    );
    return { outcome: 'skipped', changes };
  }
  try {
    await patch(policy === 'update' ? withLabels(changes, names) : changes);
    return { outcome: 'updated', changes };
  } catch (error) {
    if (!isItemError(error)) throw error;
    const refusal = itemErrorText(error, item);
    report.warning(`could not update ${item.kind}:${name}, which exists`, identifier, refusal);
    if (policy === 'update') await patch(withLabels({}, names));
    return { outcome: 'skipped', changes, refusal };
  }
}

/** A merge patch that sets labels, too. */
function withLabels(patch: JsonObject, labels: Readonly<Record<string, string>>): JsonObject {
  const metadata = (patch['metadata'] ?? {}) as { readonly labels?: JsonObject };
  return { ...patch, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
}

function comparable(item: Unstructured, labels: Readonly<Record<string, string>>): Unstructured {
  const copy = resetMetadata(cloneJson(item));
  delete copy.metadata['managedFields'];
  copy.metadata.labels = { ...copy.metadata.labels, ...labels };
  return copy;
}

/** The cluster's account wins; what only the backup has of secrets, labels and annotations is added. */
function mergeServiceAccounts(inCluster: Unstructured, fromBackup: Unstructured): Unstructured {
  const merged = cloneJson(inCluster);
  for (const list of ['secrets', 'imagePullSecrets']) {
    const known = (merged[list] ?? []) as { name?: string }[];
    const added = ((fromBackup[list] ?? []) as { name?: string }[]).filter(
      (entry) => !known.some(({ name }) => name === entry.name),
    );
    if (added.length > 0) merged[list] = [...known, ...added];
  }
  const { labels, annotations } = fromBackup.metadata;
  if (labels) merged.metadata.labels = { ...labels, ...merged.metadata.labels };
  if (annotations) merged.metadata.annotations = { ...annotations, ...merged.metadata.annotations };
  return merged;
}
