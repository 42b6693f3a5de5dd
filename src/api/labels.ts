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
/** Annotation of a PersistentVolume restored under another name. */
export const originalPersistentVolumeAnnotation = 'velero.io/original-pv-name';
