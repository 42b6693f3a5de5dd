import { BowlineError } from '../api/errors.ts';

/** Every backup is a directory in this one. Source: Velero `pkg/persistence/object_store_layout.go`. */
export const backupsDirectory = 'backups/';
/** Every restore is a directory in this one. */
export const restoresDirectory = 'restores/';
/** Where those who use a location may keep what is no backup: Velero reserves it, and takes no notice of what is in it. */
export const pluginsDirectory = 'plugins/';
/** All that a location may hold at its top. Source: Velero 1.18 `pkg/persistence/object_store_layout.go`. */
export const topLevelDirectories: readonly string[] = [
  ...[backupsDirectory, restoresDirectory, pluginsDirectory],
  ...['restic/', 'metadata/', 'kopia/'],
];

/** The keys of one backup, below the location's prefix. */
export interface BackupLayout {
  readonly directory: string;
  /** The Backup object: its presence says that the backup is finished. */
  readonly metadata: string;
  /** The tarball. */
  readonly contents: string;
  readonly logs: string;
  readonly volumeSnapshots: string;
  readonly podVolumeBackups: string;
  readonly resourceList: string;
  readonly results: string;
  readonly itemOperations: string;
  readonly volumeInfo: string;
  /** Velero before 1.17 alone writes it. */
  readonly csiVolumeSnapshots: string;
  /** Ours: the index of the tarball's members. Velero ignores it. */
  readonly segments: string;
  /** Ours: the mark of a deletion. */
  readonly deletion: string;
  /** Ours: where a run's batches lie while it works. */
  staging(uid: string): string;
}

/** The keys of the backup `name`. @throws BowlineError `InvalidSpec` for a name that is no single path segment */
export function backupLayout(name: string): BackupLayout {
  const directory = `${backupsDirectory}${segment(name)}/`;
  const file = (suffix: string): string => `${directory}${name}${suffix}`;
  return {
    directory,
    metadata: `${directory}velero-backup.json`,
    contents: file('.tar.gz'),
    logs: file('-logs.gz'),
    volumeSnapshots: file('-volumesnapshots.json.gz'),
    podVolumeBackups: file('-podvolumebackups.json.gz'),
    resourceList: file('-resource-list.json.gz'),
    results: file('-results.gz'),
    itemOperations: file('-itemoperations.json.gz'),
    volumeInfo: file('-volumeinfo.json.gz'),
    csiVolumeSnapshots: file('-csi-volumesnapshots.json.gz'),
    segments: file('-segments.json'),
    deletion: file('-deletion.json'),
    staging: (uid) => `${directory}staging/${segment(uid)}/`,
  };
}

/** The keys of one restore. */
export interface RestoreLayout {
  readonly directory: string;
  /** Ours: the Restore object, put last. */
  readonly record: string;
  readonly logs: string;
  readonly results: string;
  readonly resourceList: string;
  readonly itemOperations: string;
  readonly volumeInfo: string;
  staging(uid: string): string;
  /** Ours: says that the run `uid` reads a backup, so that no deletion takes it away. */
  usesMark(uid: string, backup: string): string;
}

/** The keys of the restore `name`. @throws BowlineError `InvalidSpec` for a name that is no single path segment */
export function restoreLayout(name: string): RestoreLayout {
  const directory = `${restoresDirectory}${segment(name)}/`;
  const file = (suffix: string): string => `${directory}restore-${name}${suffix}`;
  const staging = (uid: string): string => `${directory}staging/${segment(uid)}/`;
  return {
    directory,
    record: `${directory}velero-restore.json`,
    logs: file('-logs.gz'),
    results: file('-results.gz'),
    resourceList: file('-resource-list.json.gz'),
    itemOperations: file('-itemoperations.json.gz'),
    volumeInfo: `${directory}${name}-volumeinfo.json.gz`,
    staging,
    usesMark: (uid, backup) => `${staging(uid)}uses-${segment(backup)}`,
  };
}

// oxlint-disable-next-line no-control-regex -- control characters are what this refuses
const hostileCharacter = /[/\\\x00-\x1f\x7f]/;

function segment(name: string): string {
  const plain =
    typeof name === 'string' && name !== '' && name !== '.' && name !== '..' && !hostileCharacter.test(name);
  if (plain) return name;
  throw new BowlineError('InvalidSpec', `name ${JSON.stringify(name)}: expected one path segment`);
}
