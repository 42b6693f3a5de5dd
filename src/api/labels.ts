/** On every restored object: the name of the backup it came from, in label form. Source: Velero `pkg/apis/velero/v1/labels_annotations.go`. */
export const backupNameLabel = 'velero.io/backup-name';
/** On snapshots: the uid of the backup that made them, by which a repeated attempt finds its own. Never copied. */
export const backupUidLabel = 'velero.io/backup-uid';
/** On every restored object: the restore's name, in label form. */
export const restoreNameLabel = 'velero.io/restore-name';
/** On every restored object, and on volumes made for it: the restore's uid, by which a repeated attempt knows its own. */
export const restoreUidLabel = 'velero.io/restore-uid';
/** On backups: the name of the schedule that made them. */
export const scheduleNameLabel = 'velero.io/schedule-name';
/** On backups of a schedule: which of them are kept, as `last-3.daily-7`. Ours: Velero has no such label. */
export const retentionLabel = 'velero.io/retention';
/** On snapshots and volumes of providers that take no name for them: a digest of the run and the PersistentVolume. */
export const ownerDigestTag = 'velero.io/owner';
/** On backups: the storage location's name, in label form. */
export const storageLocationLabel = 'velero.io/storage-location';
/** `true` on an object or a namespace keeps it out of every backup. */
export const excludeFromBackupLabel = 'velero.io/exclude-from-backup';
/** `true` on an object in a backup keeps it out of every restore. Ours: Velero has no such label. */
export const excludeFromRestoreLabel = 'velero.io/exclude-from-restore';
/** Tag of a snapshot: the backup's name. */
export const backupTag = 'velero.io/backup';
/** Tag of a snapshot: the PersistentVolume's name. */
export const persistentVolumeTag = 'velero.io/pv';
/** Tag of a snapshot: the provider's id of the volume that was asked for. A tool that copies tags copies it to snapshots of other volumes. */
export const sourceVolumeTag = 'velero.io/source-volume';
/** Tags by which a run knows what it made: no snapshot or volume may get them from another one. */
export const ownerTags: readonly string[] = [backupUidLabel, restoreUidLabel, ownerDigestTag, sourceVolumeTag];
/** Annotation of a PersistentVolume restored under another name. */
export const originalPersistentVolumeAnnotation = 'velero.io/original-pv-name';
/** Annotation that a backup's action puts on an item: what it asks for with it comes whatever the filters say. Taken off again. */
export const mustIncludeAnnotation = 'backup.velero.io/must-include-additional-items';
/** Annotation that a backup's action puts on an item, with any value, to leave it out. */
export const skipFromBackupAnnotation = 'velero.io/skip-from-backup';
