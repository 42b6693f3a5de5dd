import type { Backup } from '../api/backup.ts';
import { BowlineError } from '../api/errors.ts';

/** The version of the format that backups are written in. A later one of the same major version only adds to it. */
export const formatVersion = '1.1.0';

/**
 * Lets a backup pass whose items can be read: one of major version 1, or of Velero before it recorded any.
 *
 * @throws BowlineError `Unsupported` for one of another major version
 */
export function assertReadableFormat({ metadata, status }: Backup): void {
  const found: unknown = status?.formatVersion ?? formatVersion;
  const [major] = String(found).split('.');
  if (major === '1') return;
  throw new BowlineError(
    'Unsupported',
    `read backup ${metadata.name}: its format is version ${JSON.stringify(found)}; expected 1, as in ${formatVersion}`,
  );
}
