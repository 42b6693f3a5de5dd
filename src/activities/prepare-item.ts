import { targetNamespace, type RestoreSpec } from '../api/restore.ts';
import type { GroupResource, ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import { compileModifiers } from '../modifiers/apply-modifiers.ts';
import type { RestorePlan } from './plan.ts';
import type { Report } from './report.ts';
import { prepareVolumeItem, type VolumesInRestore } from './volumes-in-restore.ts';

/** An item as it is to be created. */
export interface PreparedItem {
  readonly item: Unstructured;
  /** Why it is not to be created, if so. */
  readonly leftOut?: string;
}

/**
 * A function that does, in place, what is left to do after the actions, in Velero's order: the rules of volumes, the resource modifiers,
 * the namespace to restore into. Throws `InvalidItem` for a PersistentVolume whose volume could not be made.
 */
export function createPrepareItem({
  plan,
  volumes,
  report,
}: {
  readonly plan: RestorePlan;
  readonly volumes: VolumesInRestore;
  readonly report: Report;
}): (groupResource: GroupResource, item: Unstructured) => PreparedItem {
  const { spec } = plan.restore;
  const modify = compileModifiers(plan.modifiers ?? { rules: [] });
  return (groupResource, original) => {
    if (groupResource === 'namespaces') return { item: namespaceOf(original, spec) };
    const { item, leftOut, line } = prepareVolumeItem(groupResource, original, volumes);
    if (line) report.add(line);
    if (leftOut !== undefined) return { item, leftOut };
    const identifier = identifierOf(groupResource, item);
    const modified = modify(groupResource, item);
    for (const problem of modified.problems) report.error('Error applying resource modifier', identifier, problem);
    if (modified.applied > 0) report.info('Changed by resource modifiers', identifier);
    return { item: inTargetNamespace(modified.item, spec) };
  };
}

/** Which object an item is. */
export function identifierOf(groupResource: GroupResource, { metadata }: Unstructured): ResourceIdentifier {
  return { groupResource, namespace: metadata.namespace ?? '', name: metadata.name };
}

/** Namespaces are made for what goes into them: with labels, annotations and spec, and no rules of items. */
function namespaceOf({ apiVersion, kind, metadata, spec }: Unstructured, restore: RestoreSpec): Unstructured {
  const { labels, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name: targetNamespace(restore, metadata.name),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    },
    ...(spec !== undefined && { spec }),
  };
}

function inTargetNamespace(item: Unstructured, spec: RestoreSpec): Unstructured {
  const { namespace } = item.metadata;
  if (namespace !== undefined) item.metadata.namespace = targetNamespace(spec, namespace);
  return item;
}
