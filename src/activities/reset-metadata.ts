import type { ObjectMeta, Unstructured } from '../api/unstructured.ts';

/** What the cluster an object came from had given it. Source: Velero v1.18.1 `pkg/restore/restore.go`, resetMetadata. */
const clusterFields = [
  'generateName',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
] as const;

/** Removes, in place, what only the original cluster could know: identity, times, owners and `status`. Returns its argument. */
export function resetMetadata(item: Unstructured): Unstructured {
  const metadata: ObjectMeta = item.metadata;
  for (const field of clusterFields) delete metadata[field];
  delete item['status'];
  return item;
}

const bindingAnnotations = ['pv.kubernetes.io/bind-completed', 'pv.kubernetes.io/bound-by-controller'];

/** Removes, in place, what binds a PersistentVolume or a claim to one very object, so that the two can find each other again. */
export function resetBinding(item: Unstructured): Unstructured {
  const claimRef = (item['spec'] as { claimRef?: Record<string, unknown> } | undefined)?.claimRef;
  if (claimRef) {
    delete claimRef['uid'];
    delete claimRef['resourceVersion'];
  }
  const { annotations } = item.metadata;
  if (annotations) {
    for (const annotation of bindingAnnotations) delete annotations[annotation];
    if (Object.keys(annotations).length === 0) delete item.metadata.annotations;
  }
  return item;
}
