import type { Unstructured } from '../../api/unstructured.ts';
import { csiSource, inTreeSource, notOurs, unreadable } from './persistent-volume.ts';

const drivers = ['ebs.csi.aws.com'];
/** Where an old cluster writes the zone that an in-tree volume's id holds. */
const zoneLabel = 'failure-domain.beta.kubernetes.io/zone';

interface ElasticBlockStore {
  volumeID?: string;
}

/** The id of the EBS volume behind a PersistentVolume; `''` if it is none. Source: velero-plugin-for-aws `volume_snapshotter.go`. */
export function awsVolumeId(persistentVolume: Unstructured): string {
  const csi = csiSource(persistentVolume, drivers);
  if (csi) return idIn(csi.volumeHandle ?? '');
  const store = inTreeSource<ElasticBlockStore>(persistentVolume, 'awsElasticBlockStore');
  if (store && !store.volumeID) throw unreadable(persistentVolume, 'awsElasticBlockStore', store);
  return idIn(store?.volumeID ?? '');
}

/** Points a PersistentVolume to another EBS volume. @throws BowlineError `Unsupported` */
export function setAwsVolumeId(persistentVolume: Unstructured, volumeId: string): Unstructured {
  const csi = csiSource(persistentVolume, drivers);
  const store = inTreeSource<ElasticBlockStore>(persistentVolume, 'awsElasticBlockStore');
  const zone = persistentVolume.metadata.labels?.[zoneLabel];
  if (csi) csi.volumeHandle = volumeId;
  else if (store) store.volumeID = zone ? `aws://${zone}/${volumeId}` : volumeId;
  else throw notOurs(persistentVolume, `a volume of ${drivers[0]} or awsElasticBlockStore`);
  return persistentVolume;
}

/** `vol-1` of `aws://us-east-1a/vol-1`. */
function idIn(text: string): string {
  return /vol-.*/.exec(text)?.[0] ?? '';
}
