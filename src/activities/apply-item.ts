import type { ApiResource } from '../api/api-resource.ts';
import { BowlineError, errorCode, type BowlineError as Fault } from '../api/errors.ts';
import { backupNameLabel, restoreNameLabel, restoreUidLabel } from '../api/labels.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { labelValue } from '../kubernetes/label-value.ts';
import { applyNamespace } from './apply-namespace.ts';
import { settleExisting } from './existing-item.ts';
import { assertLease } from './lease.ts';
import type { RestorePlan } from './plan.ts';
import type { ItemsLine, Report } from './report.ts';

/** What became of an item. */
export type Outcome = NonNullable<ItemsLine['action']>;

/** What the items of one batch are applied with. */
export interface ApplyContext {
  readonly kubernetes: KubernetesClient;
  readonly plan: RestorePlan;
  readonly uid: string;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/** A function that brings one item into the cluster: labelled, created, or settled with what is there. May be repeated. */
export function createApplyItem(
  context: ApplyContext,
): (groupResource: GroupResource, item: Unstructured) => Promise<Outcome> {
  const { kubernetes, plan, uid, report, signal } = context;
  const labels = {
    [backupNameLabel]: labelValue(plan.backup.metadata.name),
    [restoreNameLabel]: labelValue(plan.restore.metadata.name),
    [restoreUidLabel]: uid,
  };

  return async (groupResource, item) => {
    if (groupResource === 'namespaces') return applyNamespace(context, item);
    const resource = await resourceOf(item);
    item.metadata.labels = { ...item.metadata.labels, ...labels };
    assertLease();
    try {
      await createIn(resource, item);
      return 'created';
    } catch (error) {
      if (!(await meansExisting(error, resource, item))) throw error;
    }
    return settleExisting({
      kubernetes,
      resource,
      item,
      labels,
      report,
      signal,
      policy: plan.restore.spec.existingResourcePolicy ?? 'none',
    });
  };

  /** Definitions restored by this very run are served a moment later, so an unknown kind is looked up anew once. */
  async function resourceOf({ apiVersion, kind }: Unstructured): Promise<ApiResource> {
    for (const refresh of [false, true]) {
      const resource = (await kubernetes.discover({ refresh, signal })).findKind(apiVersion, kind);
      if (resource) return resource;
    }
    throw new BowlineError('NotFound', `create ${apiVersion} ${kind}: the cluster does not serve this kind`);
  }

  /** A namespace that the backup holds no object of is created bare when the first item asks for it. */
  async function createIn(resource: ApiResource, item: Unstructured): Promise<void> {
    try {
      await kubernetes.create(resource, item, { signal });
    } catch (error) {
      const { namespace } = item.metadata;
      if (errorCode(error) !== 'NotFound' || namespace === undefined) throw error;
      await applyNamespace(context, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      await kubernetes.create(resource, item, { signal });
    }
  }

  /** A service that exists is refused for its own node port before it is found to exist. */
  async function meansExisting(error: unknown, resource: ApiResource, { metadata }: Unstructured): Promise<boolean> {
    if (errorCode(error) === 'AlreadyExists') return true;
    const portTaken =
      errorCode(error) === 'InvalidItem' && (error as Fault).detail?.includes('provided port is already allocated');
    if (resource.groupResource !== 'services' || !portTaken) return false;
    return kubernetes.get(resource, metadata, { signal }).then(
      () => true,
      () => false,
    );
  }
}
