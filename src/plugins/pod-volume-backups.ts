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
  const ofName = byPodName(podVolumeBackups).get(item.metadata.name) ?? [];
  // Most pods have none, and need not be looked up in the backup.
  const names = ofName.flatMap(({ namespace, volume }) =>
    namespace === itemFromBackup.metadata.namespace && !isFilled(volume) ? [volume] : [],
  );
  if (names.length > 0) return [...new Set(names)];
  return Object.keys(annotations).flatMap((key) =>
    key.startsWith(annotationPrefix) ? key.slice(annotationPrefix.length) : [],
  );
}

interface BackedUpVolume {
  /** The pod's. */
  readonly namespace: unknown;
  readonly volume: string;
}

type ByPodName = ReadonlyMap<unknown, readonly BackedUpVolume[]>;

/** Of each answer of the cluster, the volumes that have a snapshot by the names of their pods: it is asked for pod after pod. */
const known = new WeakMap<readonly Unstructured[], ByPodName>();

function byPodName(podVolumeBackups: readonly Unstructured[]): ByPodName {
  const remembered = known.get(podVolumeBackups);
  if (remembered) return remembered;
  const volumes = new Map<unknown, BackedUpVolume[]>();
  for (const backup of podVolumeBackups) {
    const spec = fields.object(backup, 'spec') ?? {};
    const { name, namespace } = fields.object(spec, 'pod') ?? {};
    if (fields.text(fields.object(backup, 'status') ?? {}, 'snapshotID') === '') continue;
    const ofName = volumes.get(name) ?? [];
    volumes.set(name, ofName);
    ofName.push({ namespace, volume: fields.text(spec, 'volume') });
  }
  known.set(podVolumeBackups, volumes);
  return volumes;
}
