import { BowlineError } from '../api/errors.ts';
import { originalPersistentVolumeAnnotation } from '../api/labels.ts';
import { targetNamespace, type RestoreSpec } from '../api/restore.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import type { VolumeLine } from './report.ts';
import { resetBinding } from './reset-metadata.ts';
import type { PersistentVolumeSpec, VolumeSource } from './volume-source.ts';

/** What a restore knows of volumes while it applies a batch, by PersistentVolume names at the backup. */
export interface VolumesInRestore {
  /** Point to a volume made from a snapshot; in a dry run, which makes none, without the item that does. */
  readonly restored: Map<string, { readonly item?: Unstructured; readonly renamedTo?: string }>;
  /** Their volume could not be made, with the reason. */
  readonly failed: ReadonlyMap<string, string>;
  /** What was done with PersistentVolumes applied before. */
  readonly settled: Map<string, VolumeLine>;
  readonly sourceOf: (item: Unstructured) => VolumeSource;
  readonly spec: Pick<RestoreSpec, 'namespaceMapping'>;
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

function preparePersistentVolume(original: Unstructured, volumes: VolumesInRestore): Prepared {
  const { name } = original.metadata;
  const failure = volumes.failed.get(name);
  if (failure !== undefined)
    throw new BowlineError('InvalidItem', `restore volume of persistentvolumes ${name}: ${failure}`);

  const restored = volumes.restored.get(name);
  const item = restored?.item ?? original;
  const source = volumes.sourceOf(original);
  if (!restored && source.how === 'provision') {
    return { item, leftOut: source.reason, line: { type: 'volume', persistentVolume: name, reprovision: true } };
  }
  const { claimRef } = (item['spec'] ?? {}) as PersistentVolumeSpec;
  if (claimRef?.namespace !== undefined) claimRef.namespace = targetNamespace(volumes.spec, claimRef.namespace);
  resetBinding(item);
  // A snapshotter may have given it a name of its own.
  const renamedTo = item.metadata.name === name ? restored?.renamedTo : item.metadata.name;
  if (renamedTo === undefined) return { item };

  item.metadata.name = renamedTo;
  item.metadata.annotations = { ...item.metadata.annotations, [originalPersistentVolumeAnnotation]: name };
  return { item, line: { type: 'volume', persistentVolume: name, renamedTo } };
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
