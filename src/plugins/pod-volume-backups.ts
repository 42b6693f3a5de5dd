import { backupNameLabel } from '../api/labels.ts';
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

  const { backupName = '' } = restore.spec;
  const podVolumeBackups = await kubernetes.list('podvolumebackups.velero.io', {
    namespace: restore.metadata.namespace,
    labelSelector: `${backupNameLabel}=${labelValue(backupName)}`,
  });
  const names = podVolumeBackups.flatMap((backup) => {
    const spec = fields.object(backup, 'spec') ?? {};
    const pod = fields.object(spec, 'pod') ?? {};
    const isOfPod = pod['name'] === item.metadata.name && pod['namespace'] === itemFromBackup.metadata.namespace;
    const snapshot = fields.text(fields.object(backup, 'status') ?? {}, 'snapshotID');
    const name = fields.text(spec, 'volume');
    return isOfPod && snapshot !== '' && !isFilled(name) ? [name] : [];
  });
  if (names.length > 0) return [...new Set(names)];
  return Object.keys(annotations).flatMap((key) =>
    key.startsWith(annotationPrefix) ? key.slice(annotationPrefix.length) : [],
  );
}
