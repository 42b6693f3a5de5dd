export { backup } from './backup.ts';
export { checkConformance } from './check-conformance.ts';
export { deleteBackup } from './delete-backup.ts';
export { restore } from './restore.ts';
export { restoreVolume } from './restore-volume.ts';
export { snapshotVolume } from './snapshot-volume.ts';
export { validateLocations } from './validate-locations.ts';
