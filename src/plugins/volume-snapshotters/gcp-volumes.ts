import { BowlineError } from '../../api/errors.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import { csiSource, inTreeSource, notOurs, unreadable } from './persistent-volume.ts';

const drivers = ['pd.csi.storage.gke.io', 'gcp.csi.confidential.cloud'];
const handlePattern = /^projects\/([^/]+)\/((?:zones|regions)\/[^/]+)\/disks\/([^/]+)$/;

interface GcePersistentDisk {
  pdName?: string;
}

/** The name of the disk behind a PersistentVolume; `''` if it is none of Google's. Source: velero-plugin-for-gcp `volume_snapshotter.go`. */
export function gcpVolumeId(persistentVolume: Unstructured): string {
  const csi = csiSource(persistentVolume, drivers);
  if (csi) {
    const name = handlePattern.exec(csi.volumeHandle ?? '')?.[3];
    if (name === undefined) throw unreadable(persistentVolume, 'csi.volumeHandle', csi.volumeHandle);
    return name;
  }
  const disk = inTreeSource<GcePersistentDisk>(persistentVolume, 'gcePersistentDisk');
  if (disk && !disk.pdName) throw unreadable(persistentVolume, 'gcePersistentDisk', disk);
  return disk?.pdName ?? '';
}

/** Points a PersistentVolume to the disk of that name in `project`. @throws BowlineError `Unsupported` */
export function setGcpVolumeId(persistentVolume: Unstructured, name: string, project: string): Unstructured {
  const csi = csiSource(persistentVolume, drivers);
  const disk = inTreeSource<GcePersistentDisk>(persistentVolume, 'gcePersistentDisk');
  if (csi) {
    const scope = handlePattern.exec(csi.volumeHandle ?? '')?.[2];
    if (scope === undefined) throw unreadable(persistentVolume, 'csi.volumeHandle', csi.volumeHandle);
    csi.volumeHandle = `projects/${project}/${scope}/disks/${name}`;
  } else if (disk) disk.pdName = name;
  else throw notOurs(persistentVolume, `a volume of ${drivers.join(', ')} or gcePersistentDisk`);
  return persistentVolume;
}

/** Where a disk lies: in a zone, or in a region with a replica in each of two zones. */
export interface DiskPlace {
  /** `zones/us-central1-a` or `regions/us-central1`. */
  readonly scope: string;
  readonly replicaZones?: readonly string[];
}

/**
 * The place that a PersistentVolume's zone stands for; `us-central1-a__us-central1-b` is a regional disk's.
 *
 * @throws BowlineError `InvalidItem` if it is none
 */
export function diskPlace(zone: string): DiskPlace {
  if (!/^[a-z0-9]+(-[a-z0-9]+)+(__[a-z0-9]+(-[a-z0-9]+)+)*$/.test(zone))
    throw new BowlineError(
      'InvalidItem',
      `find a disk's place: expected a zone such as us-central1-a, got ${JSON.stringify(zone)}`,
    );
  const zones = zone.split('__');
  if (zones.length === 1) return { scope: `zones/${zone}` };
  return { scope: `regions/${zones[0]!.slice(0, zones[0]!.lastIndexOf('-'))}`, replicaZones: zones };
}

/** The name at the end of a link to a disk, and the project in it. */
export function diskOfLink(link: string): { readonly project: string; readonly name: string } | undefined {
  const [, project, name] = /\/?projects\/([^/]+)\/(?:zones|regions)\/[^/]+\/disks\/([^/]+)$/.exec(link) ?? [];
  return project && name ? { project, name } : undefined;
}
