import type { Unstructured } from '../api/unstructured.ts';
import { parseQuantity } from '../plugins/quantity.ts';

/** What becomes of the volumes that meet all conditions. `custom` leaves them to somebody else's plugin. */
export interface VolumePolicy {
  readonly action: 'skip' | 'snapshot' | 'custom';
  readonly conditions: VolumeConditions;
}

/** What a policy asks of a volume and its claim; absent members ask nothing. */
export interface VolumeConditions {
  /** Bytes, both inclusive; 0 is no limit. */
  readonly capacity?: { readonly lower: number; readonly upper: number };
  readonly storageClass?: readonly string[];
  /** Absent members match any NFS volume. */
  readonly nfs?: { readonly server?: string; readonly path?: string };
  /** Without a driver, any CSI volume. */
  readonly csi?: { readonly driver?: string; readonly volumeAttributes?: Readonly<Record<string, string>> };
  readonly volumeTypes?: readonly string[];
  /** All of them. */
  readonly pvcLabels?: Readonly<Record<string, string>>;
  /** Any of them. */
  readonly pvcPhase?: readonly string[];
}

/** Volumes' types, as fields of a PersistentVolume or a pod's volume name them. */
export const volumeTypes: readonly string[] = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'glusterfs',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'projected',
  'quobyte',
  'rbd',
  'scaleIO',
  'secret',
  'storageos',
  'storageOS',
  'vsphereVolume',
];

interface VolumeSpec {
  readonly capacity?: { readonly storage?: string };
  readonly storageClassName?: string;
  readonly nfs?: { readonly server?: string; readonly path?: string };
  readonly csi?: { readonly driver?: string; readonly volumeAttributes?: Readonly<Record<string, string>> };
}

/** A policy that decides on a volume, and its place in the list, counted from 1. */
export interface MatchedPolicy extends VolumePolicy {
  readonly number: number;
}

/**
 * The first policy whose conditions a PersistentVolume and its claim all meet. Conditions of the claim are never met without one.
 * Source: Velero v1.18.1 `internal/resourcepolicies/volume_resources.go`.
 */
export function matchVolumePolicy(
  policies: readonly VolumePolicy[],
  volume: Unstructured,
  claim: Unstructured | undefined,
): MatchedPolicy | undefined {
  const index = policies.findIndex(({ conditions }) => meets(conditions, volume, claim));
  return index < 0 ? undefined : { ...policies[index]!, number: index + 1 };
}

/** Whether a policy asks anything of claims. */
export function asksForClaims(policies: readonly VolumePolicy[]): boolean {
  return policies.some(({ conditions: { pvcLabels, pvcPhase } }) => pvcLabels !== undefined || pvcPhase !== undefined);
}

function meets(conditions: VolumeConditions, volume: Unstructured, claim: Unstructured | undefined): boolean {
  const spec = (volume['spec'] ?? {}) as VolumeSpec;
  const { capacity, storageClass, nfs, csi, volumeTypes: types, pvcLabels, pvcPhase } = conditions;
  const { phase = '' } = (claim?.['status'] ?? {}) as { phase?: string };
  return (
    (capacity === undefined || isInRange(capacity, spec.capacity?.storage)) &&
    (storageClass === undefined || storageClass.includes(spec.storageClassName ?? '')) &&
    (nfs === undefined || (spec.nfs !== undefined && holdsAll(nfs, spec.nfs))) &&
    (csi === undefined || isOfCsi(csi, spec.csi)) &&
    (types === undefined || types.some((type) => isOfType(type, spec))) &&
    (pvcLabels === undefined || holdsAll(pvcLabels, claim?.metadata.labels ?? {})) &&
    (pvcPhase === undefined || pvcPhase.includes(phase))
  );
}

function isInRange({ lower, upper }: { lower: number; upper: number }, storage = '0'): boolean {
  const bytes = parseQuantity(String(storage)) ?? 0;
  return bytes >= lower && (upper === 0 || bytes <= upper);
}

function isOfCsi(
  { driver, volumeAttributes = {} }: NonNullable<VolumeConditions['csi']>,
  csi: VolumeSpec['csi'],
): boolean {
  if (csi === undefined) return false;
  return driver === undefined || (driver === csi.driver && holdsAll(volumeAttributes, csi.volumeAttributes ?? {}));
}

/** Kubernetes spells it `storageos`, and Velero's policies `storageOS`. */
function isOfType(type: string, spec: object): boolean {
  return Object.hasOwn(spec, type === 'storageOS' ? 'storageos' : type);
}

function holdsAll(wanted: Readonly<Record<string, string>>, members: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(members, key) && members[key] === value);
}
