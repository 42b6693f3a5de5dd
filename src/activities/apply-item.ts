import type { ApiResource } from '../api/api-resource.ts';
import { BowlineError, errorCode, type BowlineError as Fault } from '../api/errors.ts';
import { backupNameLabel, restoreNameLabel, restoreUidLabel } from '../api/labels.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { labelValue } from '../kubernetes/label-value.ts';
import type { RestoresStatus } from '../selection/status-filter.ts';
import { applyNamespace } from './apply-namespace.ts';
import { settleExisting } from './existing-item.ts';
import { isItemError, itemErrorText } from './item-errors.ts';
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
  readonly restoresStatus: RestoresStatus;
}

/** An item ready to be created, and as it was at the backup. */
export interface ItemToApply {
  readonly groupResource: GroupResource;
  readonly item: Unstructured;
  readonly itemFromBackup: Unstructured;
}

/** How often a status is written anew when somebody else was faster. */
const statusAttempts = 5;

/** A function that brings one item into the cluster: labelled, created, or settled with what is there. May be repeated. */
export function createApplyItem(context: ApplyContext): (item: ItemToApply) => Promise<Outcome> {
  const { kubernetes, plan, report, signal, restoresStatus } = context;
  const labels = labelsOf(context);
  const resourceOf = createResourceOf(context);

  return async ({ groupResource, item, itemFromBackup }) => {
    if (groupResource === 'namespaces') return applyNamespace(context, item);
    const resource = await resourceOf(item);
    item.metadata.labels = { ...item.metadata.labels, ...labels };
    assertLease();
    const created = await create(resource, item);
    const outcome = created ? 'created' : await settle(resource, item);
    const status = itemFromBackup['status'];
    if (outcome === 'created' && status !== undefined && restoresStatus(groupResource, item))
      await putStatus(resource, created ?? item, status);
    return outcome;
  };

  /** The object, `undefined` if one of its name exists. */
  async function create(resource: ApiResource, item: Unstructured): Promise<Unstructured | undefined> {
    try {
      return await createIn(resource, item);
    } catch (error) {
      if (await meansExisting(error, { kubernetes, resource, item, signal })) return undefined;
      throw error;
    }
  }

  async function settle(resource: ApiResource, item: Unstructured): Promise<Outcome> {
    const policy = plan.restore.spec.existingResourcePolicy ?? 'none';
    return (await settleExisting({ kubernetes, resource, item, labels, report, signal, policy })).outcome;
  }

  /** A namespace that went away meanwhile is created bare when the next item asks for it. */
  async function createIn(resource: ApiResource, item: Unstructured): Promise<Unstructured> {
    try {
      return await kubernetes.create(resource, item, { signal });
    } catch (error) {
      const { namespace } = item.metadata;
      if (errorCode(error) !== 'NotFound' || namespace === undefined) throw error;
      await applyNamespace(context, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      return kubernetes.create(resource, item, { signal });
    }
  }

  /** What can't be written is a warning: the object is there. */
  async function putStatus(resource: ApiResource, object: Unstructured, status: unknown): Promise<void> {
    const { name, namespace = '' } = object.metadata;
    let current = object;
    for (let attempt = 1; ; attempt++) {
      try {
        if (attempt > 1 || current.metadata.uid === undefined)
          current = await kubernetes.get(resource, object.metadata, { signal });
        await kubernetes.replaceStatus(resource, { ...current, status }, { signal });
        return;
      } catch (error) {
        if (errorCode(error) === 'Conflict' && attempt < statusAttempts) continue;
        if (!isItemError(error)) throw error;
        const identifier = { groupResource: resource.groupResource, namespace, name };
        return report.warning('its status could not be restored', identifier, itemErrorText(error, object));
      }
    }
  }
}

/** The labels by which restored objects are known. */
export function labelsOf({ plan, uid }: Pick<ApplyContext, 'plan' | 'uid'>): Record<string, string> {
  return {
    [backupNameLabel]: labelValue(plan.backup.metadata.name),
    [restoreNameLabel]: labelValue(plan.restore.metadata.name),
    [restoreUidLabel]: uid,
  };
}

/**
 * A function that finds the resource of an item. Definitions restored by this very run are served a moment later, so an unknown kind is
 * looked up anew, once. Rejects with `NotFound` for a kind that the cluster does not serve.
 */
export function createResourceOf({
  kubernetes,
  signal,
}: Pick<ApplyContext, 'kubernetes' | 'signal'>): (item: Unstructured) => Promise<ApiResource> {
  const lookedUp = new Map<string, Promise<ApiResource | undefined>>();
  return async ({ apiVersion, kind }) => {
    const known = (await kubernetes.discover({ signal })).findKind(apiVersion, kind);
    if (known) return known;
    const key = `${apiVersion} ${kind}`;
    let found = lookedUp.get(key);
    if (found === undefined) {
      found = kubernetes.discover({ refresh: true, signal }).then((anew) => anew.findKind(apiVersion, kind));
      lookedUp.set(key, found);
    }
    const resource = await found;
    if (resource) return resource;
    throw new BowlineError('NotFound', `create ${apiVersion} ${kind}: the cluster does not serve this kind`);
  };
}

/** Whether a refusal says that the object exists: a service that does is refused for its own node ports first. */
export async function meansExisting(
  error: unknown,
  {
    kubernetes,
    resource,
    item,
    signal,
  }: Pick<ApplyContext, 'kubernetes' | 'signal'> & {
    readonly resource: ApiResource;
    readonly item: Unstructured;
  },
): Promise<boolean> {
  if (errorCode(error) === 'AlreadyExists') return true;
  const portTaken = (error as Fault).detail?.includes('provided port is already allocated');
  if (resource.groupResource !== 'services' || !portTaken) return false;
  return kubernetes.get(resource, item.metadata, { signal }).then(
    () => true,
    () => false,
  );
}
