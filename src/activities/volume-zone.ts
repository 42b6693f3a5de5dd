import type { Unstructured } from '../api/unstructured.ts';

const zoneLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];

/** Node affinity keys that CSI drivers write instead of labels; a regional disk of Google Cloud has one zone per term. */
const gkeZone = 'topology.gke.io/zone';
const affinityZones = [
  'topology.ebs.csi.aws.com/zone',
  'topology.disk.csi.azure.com/zone',
  gkeZone,
  'topology.manila.csi.openstack.org/zone',
  'topology.cinder.csi.openstack.org/zone',
  ...zoneLabels,
];

interface Affinity {
  readonly nodeAffinity?: {
    readonly required?: {
      readonly nodeSelectorTerms?: readonly {
        readonly matchExpressions?: readonly {
          readonly key: string;
          readonly operator: string;
          readonly values?: readonly string[];
        }[];
      }[];
    };
  };
}

/** The zone of a PersistentVolume, by its labels or its node affinity; `''` if neither tells. Source: Velero v1.18.1 `pkg/backup/item_backupper.go`. */
export function zoneOf(volume: Unstructured): string {
  for (const label of zoneLabels) {
    const zone = volume.metadata.labels?.[label];
    if (zone) return zone;
  }
  const terms = (volume['spec'] as Affinity | undefined)?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const expressions = terms.flatMap((term) => term.matchExpressions ?? []).filter(({ operator }) => operator === 'In');
  for (const key of affinityZones) {
    const zones = expressions.filter((expression) => expression.key === key).flatMap(({ values }) => values?.[0] ?? []);
    if (zones.length > 0) return key === gkeZone ? zones.join('__') : zones[0]!;
  }
  return '';
}
