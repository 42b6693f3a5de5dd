import { BowlineError } from '../../api/errors.ts';
import type { Unstructured } from '../../api/unstructured.ts';

/** The volume of a CSI driver. */
export interface CsiSource {
  driver: string;
  volumeHandle: string;
}

/** The CSI source of a PersistentVolume, to be edited in place, if it is one of these drivers'. */
export function csiSource(persistentVolume: Unstructured, drivers: readonly string[]): CsiSource | undefined {
  const csi = inTreeSource<Partial<CsiSource>>(persistentVolume, 'csi');
  return csi?.driver !== undefined && drivers.includes(csi.driver) ? (csi as CsiSource) : undefined;
}

/** The source of a PersistentVolume that `spec` holds under `key`, to be edited in place. */
export function inTreeSource<Source extends object>(persistentVolume: Unstructured, key: string): Source | undefined {
  const spec = persistentVolume['spec'] as Readonly<Record<string, unknown>> | null | undefined;
  const source = spec?.[key];
  return typeof source === 'object' && source !== null ? (source as Source) : undefined;
}

/** What `getVolumeId` throws for a source of the provider's own that names no volume. */
export function unreadable({ metadata }: Unstructured, member: string, found: unknown): BowlineError {
  const text = JSON.stringify(found) ?? 'nothing';
  return new BowlineError(
    'InvalidItem',
    `volume id of ${metadata.name}: spec.${member} names no volume, it is ${text.slice(0, 300)}`,
  );
}

/** What `setVolumeId` throws for a volume of another provider. */
export function notOurs({ metadata }: Unstructured, expected: string): BowlineError {
  return new BowlineError('Unsupported', `set volume id of ${metadata.name}: expected ${expected}`);
}
