import { BowlineError } from '../api/errors.ts';
import { originalPersistentVolumeAnnotation } from '../api/labels.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import type { VolumeLine } from './report.ts';
import { resetBinding } from './reset-metadata.ts';

/** What a restore knows of volumes while it applies a batch, by PersistentVolume names at the backup. */
export interface VolumesInRestore {
  /** Point to a volume made from a snapshot. */
  readonly restored: Map<string, { readonly item: Unstructured; readonly renamedTo?: string }>;
  /** Their volume could not be made, with the reason. */
  readonly failed: ReadonlyMap<string, string>;
  /** What was done with PersistentVolumes applied before. */
  readonly settled: Map<string, VolumeLine>;
  /** The backup holds a snapshot of them. */
  readonly snapshotted: ReadonlySet<string>;
  readonly namespaceMapping: Readonly<Record<string, string>>;
}

interface Prepared {
  readonly item: Unstructured;
  /** Why the item is not to be created, if so. */
  readonly leftOut?: string;
  readonly line?: VolumeLine;
}

/**
 * Applies the rules for PersistentVolumes and claims to an item, in place; other items pass. Throws `InvalidItem` for a
 * PersistentVolume whose volume could not be made. Source: Velero v1.18.1 `pkg/restore/restore.go`.
 */
export function prepareVolumeItem(
  groupResource: GroupResource,
  item: Unstructured,
  volumes: VolumesInRestore,
): Prepared {
  if (groupResource === 'persistentvolumes') return preparePersistentVolume(item, volumes);
  if (groupResource === 'persistentvolumeclaims') return { item: prepareClaim(item, volumes) };
  return { item };
}

interface VolumeSpec {
  claimRef?: { namespace?: string };
  persistentVolumeReclaimPolicy?: string;
}

function preparePersistentVolume(original: Unstructured, volumes: VolumesInRestore): Prepared {
  const { name } = original.metadata;
  const failure = volumes.failed.get(name);
  if (failure !== undefined)
    throw new BowlineError('InvalidItem', `restore volume of persistentvolumes ${name}: ${failure}`);

  const restored = volumes.restored.get(name);
  const item = restored?.item ?? original;
  const spec = (item['spec'] ?? {}) as VolumeSpec;
  if (!restored && !volumes.snapshotted.has(name) && spec.persistentVolumeReclaimPolicy === 'Delete') {
    const leftOut = 'its volume has no snapshot and reclaim policy Delete, so its claim is provisioned anew';
    return { item, leftOut, line: { type: 'volume', persistentVolume: name, reprovision: true } };
  }
  const namespace = spec.claimRef?.namespace;
  if (spec.claimRef && namespace !== undefined)
    spec.claimRef.namespace = volumes.namespaceMapping[namespace] ?? namespace;
  resetBinding(item);
  if (restored?.renamedTo === undefined) return { item };

  item.metadata.name = restored.renamedTo;
  item.metadata.annotations = { ...item.metadata.annotations, [originalPersistentVolumeAnnotation]: name };
  return { item, line: { type: 'volume', persistentVolume: name, renamedTo: restored.renamedTo } };
}

function prepareClaim(item: Unstructured, volumes: VolumesInRestore): Unstructured {
  const spec = (item['spec'] ?? {}) as { volumeName?: string };
  if (!spec.volumeName) return item;
  resetBinding(item);
  const settled = volumes.settled.get(spec.volumeName);
  if (settled?.reprovision) delete spec.volumeName;
  else if (settled?.renamedTo !== undefined) spec.volumeName = settled.renamedTo;
  return item;
}
