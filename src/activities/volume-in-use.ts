import { errorCode } from '../api/errors.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import type { KubernetesClient, ObjectRef } from '../kubernetes/client.ts';
import type { PersistentVolumeSpec } from './volume-source.ts';

/** An object of the cluster; `undefined` if it is not there. */
export async function findObject(
  kubernetes: KubernetesClient,
  groupResource: GroupResource,
  { ref, signal }: { readonly ref: ObjectRef; readonly signal: AbortSignal },
): Promise<Unstructured | undefined> {
  const resource = (await kubernetes.discover({ signal })).find(groupResource);
  if (resource === undefined) return undefined;
  try {
    return await kubernetes.get(resource, ref, { signal });
  } catch (error) {
    if (errorCode(error) === 'NotFound') return undefined;
    throw error;
  }
}

/**
 * Why a PersistentVolume that exists is about to go, so that a restore waits for it; `undefined` if it is here to stay: it was
 * released, or it, its claim or the claim's namespace are gone or going. Source: Velero v1.18.1 `pkg/restore/restore.go`, shouldRestore.
 */
export async function reasonToGo(
  kubernetes: KubernetesClient,
  volume: Unstructured,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (isGoing(volume)) return 'being deleted';
  if (phaseOf(volume) === 'Released') return 'released';
  const { claimRef } = (volume['spec'] ?? {}) as PersistentVolumeSpec;
  if (claimRef?.namespace === undefined || claimRef.name === undefined) return undefined;

  const { namespace, name } = claimRef;
  const claim = await findObject(kubernetes, 'persistentvolumeclaims', { ref: { namespace, name }, signal });
  if (claim === undefined) return `without its claim ${namespace}/${name}`;
  if (isGoing(claim)) return `bound to ${namespace}/${name}, which is being deleted`;
  const owner = await findObject(kubernetes, 'namespaces', { ref: { name: namespace }, signal });
  const isLeaving = owner === undefined || isGoing(owner) || phaseOf(owner) === 'Terminating';
  return isLeaving ? `bound to a claim in ${namespace}, which is being deleted` : undefined;
}

function isGoing({ metadata }: Unstructured): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function phaseOf({ status }: Unstructured): string | undefined {
  return (status as { readonly phase?: string } | undefined)?.phase;
}
