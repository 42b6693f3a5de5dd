import type { BackupSpec } from '../api/backup.ts';
import type { Config } from '../api/config.ts';
import type { BackupStorageLocation } from '../api/locations.ts';

/** The storage location that a spec names, or the default one; a problem if there is none such. */
export function chooseStorageLocation(
  { backupStorageLocations: locations }: Config,
  name: string | undefined,
): { location: BackupStorageLocation | undefined; problems: string[] } {
  const known = `known are: ${locations.map((location) => location.name).join(', ') || 'none'}`;
  if (name !== undefined && name !== '') {
    const location = locations.find((candidate) => candidate.name === name);
    return {
      location,
      problems: location ? [] : [`spec.storageLocation: no location is named ${String(name)}; ${known}`],
    };
  }
  const location =
    locations.find((candidate) => candidate.default) ?? (locations.length === 1 ? locations[0] : undefined);
  return {
    location,
    problems: location ? [] : [`spec.storageLocation: missing, and no location is the default; ${known}`],
  };
}

/** Where staging lies for runs on `location`: the configured place, which read-only and locked buckets need, or the location itself. */
export function stagingLocation({ staging }: Config, location: BackupStorageLocation): string {
  return staging ?? location.name;
}

/** Where the keys of a storage location lie, for those who reach its bucket by themselves. */
export interface BucketPlace {
  readonly provider: string;
  readonly bucket: string;
  /** What the bucket's own keys begin with: nothing, or the location's prefix and a slash. */
  readonly root: string;
}

/** The place of a storage location that is configured. */
export function placeOf({ backupStorageLocations }: Config, name: string): BucketPlace {
  const { provider, objectStorage } = backupStorageLocations.find((location) => location.name === name)!;
  const [bucket, prefix] = [objectStorage.bucket, objectStorage.prefix ?? ''].map((text) =>
    text.replace(/^\/+|\/+$/g, ''),
  );
  return { provider, bucket: bucket!, root: prefix ? `${prefix}/` : '' };
}

/**
 * The snapshot locations that a backup uses, at most one per provider: those it names, and for each other provider its only
 * location. None with `snapshotVolumes: false`. Source: Velero `pkg/controller/backup_controller.go`.
 */
export function chooseSnapshotLocations(
  { volumeSnapshotLocations: locations }: Config,
  spec: BackupSpec,
): { names: string[]; problems: string[] } {
  if (spec.snapshotVolumes === false) return { names: [], problems: [] };
  const problems: string[] = [];
  const chosen = new Map<string, string>();
  for (const name of listOf(spec.volumeSnapshotLocations)) {
    const location = locations.find((candidate) => candidate.name === name);
    if (location === undefined) problems.push(`spec.volumeSnapshotLocations: no location is named ${name}`);
    else if (chosen.has(location.provider) && chosen.get(location.provider) !== name) {
      problems.push(
        `spec.volumeSnapshotLocations: ${name} and ${chosen.get(location.provider)} are of one provider, ${location.provider}; expected one`,
      );
    } else chosen.set(location.provider, name);
  }
  for (const provider of new Set(locations.map((location) => location.provider))) {
    if (chosen.has(provider)) continue;
    const candidates = locations.filter((location) => location.provider === provider);
    if (candidates.length === 1) chosen.set(provider, candidates[0]!.name);
    else
      problems.push(
        `spec.volumeSnapshotLocations: ${provider} has several locations (${candidates.map(({ name }) => name).join(', ')}); name one`,
      );
  }
  return { names: [...chosen.values()].sort(), problems };
}

/** A list as a spec has it; its shape is validated elsewhere. */
function listOf(names: unknown): string[] {
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}
