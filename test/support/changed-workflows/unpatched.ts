import { allWithAddedStep } from './added-step.ts';

/** The workflows after a change that takes no heed of runs that began before it. */
export const {
  backup,
  checkConformance,
  deleteBackup,
  expireBackups,
  restore,
  restoreVolume,
  scheduledBackup,
  snapshotVolume,
  validateLocations,
} = allWithAddedStep(() => true);
