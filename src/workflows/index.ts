export { backup } from './backup.ts';
export { deleteBackup } from './delete-backup.ts';
export { restore } from './restore.ts';
export { restoreVolume } from './restore-volume.ts';
export { snapshotVolume } from './snapshot-volume.ts';
