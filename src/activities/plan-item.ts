import type { ApiResource } from '../api/api-resource.ts';
import { BowlineError, errorCode } from '../api/errors.ts';
import { isRawNumber, type JsonObject } from '../api/json.ts';
import type { PlannedChange } from '../api/planned-change.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import { createResourceOf, labelsOf, meansExisting, type ApplyContext, type ItemToApply } from './apply-item.ts';
import { settleExisting } from './existing-item.ts';
import { isItemError, itemErrorText } from './item-errors.ts';
import { Report } from './report.ts';

/** What the steps before will have made by the time the item's turn comes. */
export interface Groundwork {
  readonly namespaces: ReadonlySet<string>;
  /** Group-resources of definitions. */
  readonly definitions: ReadonlySet<GroupResource>;
}

/** What a plan tells of an item beside its name. */
export type Verdict = Pick<PlannedChange, 'action' | 'fields' | 'webhook' | 'reason'>;

/** A namespace that is always there: items whose own one is not are tried in it. */
const standIn = 'default';

/** More fields than anybody reads in a line. */
const fieldsTold = 20;

/** What a server says of items that others have to be there for; a restore has created those by then. */
const needsOthers = /error looking up service account|no PriorityClass with name|not yet bound/i;

/**
 * A function that tells what a restore would do with an item, the API server's own answers included. Nothing is changed: each request
 * that would is sent with `dryRun=All`.
 *
 * An item whose namespace is yet to be created is tried in the namespace `default`, since a server checks nothing where there is no
 * namespace. There its quotas, service accounts and policies mean nothing, so that only what is wrong with the item itself is
 * believed, and what webhooks say.
 */
export function createPlanItem(context: ApplyContext, groundwork: Groundwork): (item: ItemToApply) => Promise<Verdict> {
  const { kubernetes, plan, signal, now } = context;
  const labels = labelsOf(context);
  const resourceOf = createResourceOf(context);

  return async ({ groupResource, item }) => {
    if (groupResource === 'namespaces') return planNamespace(item);
    if (groundwork.definitions.has(groupResource) && !(await isServed(item)))
      return { action: 'create', reason: 'not checked: its kind is defined by the restore' };
    const resource = await resourceOf(item);
    item.metadata.labels = { ...item.metadata.labels, ...labels };
    const { namespace } = item.metadata;
    if (namespace !== undefined && groundwork.namespaces.has(namespace)) return tryInStandIn(resource, item);
    try {
      await kubernetes.create(resource, item, { signal, dryRun: true });
      return { action: 'create' };
    } catch (error) {
      if (await meansExisting(error, { kubernetes, resource, item, signal })) return planExisting(resource, item);
      return verdictOf(error, { item, isElsewhere: false });
    }
  };

  async function planNamespace(item: Unstructured): Promise<Verdict> {
    const resource = (await kubernetes.discover({ signal })).find('namespaces');
    if (resource === undefined)
      throw new BowlineError('NotFound', 'create namespaces: the cluster does not serve them');
    try {
      await kubernetes.create(resource, item, { signal, dryRun: true });
      return { action: 'create' };
    } catch (error) {
      if (errorCode(error) !== 'AlreadyExists') return verdictOf(error, { item, isElsewhere: false });
    }
    const { metadata } = await kubernetes.get(resource, { name: item.metadata.name }, { signal });
    return metadata.deletionTimestamp === undefined
      ? { action: 'skip', reason: 'it exists, and is used as it is' }
      : { action: 'create', reason: 'once the one that is terminating has gone' };
  }

  async function isServed({ apiVersion, kind }: Unstructured): Promise<boolean> {
    return (await kubernetes.discover({ signal })).findKind(apiVersion, kind) !== undefined;
  }

  async function tryInStandIn(resource: ApiResource, item: Unstructured): Promise<Verdict> {
    const elsewhere = { ...item, metadata: { ...item.metadata, namespace: standIn } };
    try {
      await kubernetes.create(resource, elsewhere, { signal, dryRun: true });
    } catch (error) {
      // One of its name in the other namespace: all checks come before.
      if (errorCode(error) !== 'AlreadyExists') return verdictOf(error, { item, isElsewhere: true });
    }
    return { action: 'create' };
  }

  async function planExisting(resource: ApiResource, item: Unstructured): Promise<Verdict> {
    const policy = plan.restore.spec.existingResourcePolicy ?? 'none';
    // What it has to say is in what it resolves with.
    const report = new Report(now);
    const settled = await settleExisting({ kubernetes, resource, item, labels, report, signal, policy, dryRun: true });
    const { outcome, changes, refusal } = settled;
    const fields = changes && { fields: fieldsOf(changes) };
    if (refusal !== undefined) return { action: 'refused', ...fields, ...refusalOf(refusal) };
    if (outcome === 'updated') return { action: 'update', ...fields };
    return changes
      ? { action: 'conflict', ...fields, reason: 'it exists and differs' }
      : { action: 'skip', reason: 'it exists and is equal' };
  }
}

function verdictOf(
  error: unknown,
  { item, isElsewhere }: { readonly item: Unstructured; readonly isElsewhere: boolean },
): Verdict {
  if (!isItemError(error)) throw error;
  const said = itemErrorText(error, item);
  if (said.includes('does not support dry run'))
    return { action: 'create', reason: 'not checked: a webhook does not support dry runs' };
  const { webhook } = refusalOf(said);
  const dependsOnOthers = errorCode(error) === 'AccessDenied' && (isElsewhere || needsOthers.test(said));
  if (webhook === undefined && dependsOnOthers)
    return { action: 'create', reason: `not checked in full, for lack of what is restored before: ${said}` };
  return { action: 'refused', ...refusalOf(said) };
}

/** Source: kube-apiserver `staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/errors`. */
function refusalOf(said: string): Pick<Verdict, 'webhook' | 'reason'> {
  const [, webhook] = /admission webhook "([^"]+)" denied the request/.exec(said) ?? [];
  return { ...(webhook !== undefined && { webhook }), reason: said };
}

/** The paths of a merge patch's leaves. */
export function fieldsOf(changes: JsonObject): string[] {
  const fields = [...paths(changes, '')];
  const more = fields.length - fieldsTold;
  return more > 0 ? [...fields.slice(0, fieldsTold), `and ${more} more`] : fields;
}

function* paths(changes: JsonObject, prefix: string): Iterable<string> {
  for (const [name, value] of Object.entries(changes)) {
    const path = `${prefix}${/^[\w-]+$/.test(name) ? name : `[${name}]`}`;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
    if (isObject && Object.keys(value).length > 0) yield* paths(value as JsonObject, `${path}.`);
    else yield path;
  }
}
