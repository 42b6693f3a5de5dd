import { BowlineError } from '../api/errors.ts';
import type { JsonValue } from '../api/json.ts';
import type { Unstructured } from '../api/unstructured.ts';

/**
 * Objects as `-podvolumebackups.json.gz` lists them; `null` is none. They lack `apiVersion` and `kind` there.
 *
 * @throws BowlineError `CorruptBackup` for anything else
 */
export function decodePodVolumeBackups(value: JsonValue): Unstructured[] {
  const objects = (value ?? []) as unknown as readonly Unstructured[];
  if (!Array.isArray(objects) || !objects.every((one: Unstructured | null) => typeof one?.metadata?.name === 'string'))
    throw new BowlineError('CorruptBackup', 'read pod volume backups: expected a list of objects with names');
  return objects.map((one: Unstructured) => ({ ...one, apiVersion: 'velero.io/v1', kind: 'PodVolumeBackup' }));
}
