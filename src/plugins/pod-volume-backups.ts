import { backupNameLabel } from '../api/labels.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { labelValue } from '../kubernetes/label-value.ts';
import type { RestoreItemActionInput } from './item-action.ts';
import { fields } from './item-fields.ts';

/** Sources that Kubernetes fills; early Velero backed them up all the same. */
type FilledSource = 'projected' | 'downwardAPI';

/** Where Velero before 1.2 noted snapshots: the volume's name follows. */
const annotationPrefix = 'snapshot.velero.io/';

/**
 * The names of a pod's volumes whose files are in the backup, each once: of the PodVolumeBackups that have a snapshot, or, where
 * there are none, of the pod's annotations. Volumes with a source in `filled` are left out.
 *
 * Source: Velero v1.18.1 `pkg/podvolume/util.go`.
 */
export async function volumesToRestore(
  { item, itemFromBackup, restore, kubernetes }: RestoreItemActionInput,
  filled: readonly FilledSource[],
): Promise<string[]> {
  const volumes = fields.objects(fields.object(item, 'spec') ?? {}, 'volumes');
  const annotations = fields.object(item.metadata, 'annotations') ?? {};
  const isFilled = (name: string): boolean => {
    const volume = volumes.find((one) => fields.text(one, 'name') === name) ?? {};
    return filled.some((source) => fields.object(volume, source) !== undefined);
  };

  const backupName = restore.spec.backupName ?? '';
  const podVolumeBackups = await kubernetes.list('podvolumebackups.velero.io', {
    namespace: restore.metadata.namespace,
    labelSelector: `${backupNameLabel}=${labelValue(backupName)}`,
  });
  const { namespace } = itemFromBackup.metadata;
  const names = (byPod(podVolumeBackups).get(podKey(namespace, item.metadata.name)) ?? []).filter(
    (name) => !isFilled(name),
  );
  if (names.length > 0) return [...new Set(names)];
  return Object.keys(annotations).flatMap((key) =>
    key.startsWith(annotationPrefix) ? key.slice(annotationPrefix.length) : [],
  );
}

/** Of each answer of the cluster, the volumes of each pod that have a snapshot: it is asked for pod after pod. */
const known = new WeakMap<readonly Unstructured[], ReadonlyMap<string, readonly string[]>>();

function byPod(podVolumeBackups: readonly Unstructured[]): ReadonlyMap<string, readonly string[]> {
  const remembered = known.get(podVolumeBackups);
  if (remembered) return remembered;
  const volumes = new Map<string, string[]>();
  for (const backup of podVolumeBackups) {
    const spec = fields.object(backup, 'spec') ?? {};
    const pod = fields.object(spec, 'pod') ?? {};
    if (fields.text(fields.object(backup, 'status') ?? {}, 'snapshotID') === '') continue;
    const key = podKey(pod['namespace'], pod['name']);
    volumes.set(key, [...(volumes.get(key) ?? []), fields.text(spec, 'volume')]);
  }
  known.set(podVolumeBackups, volumes);
  return volumes;
}

function podKey(namespace: unknown, name: unknown): string {
  return JSON.stringify([namespace, name]);
}
