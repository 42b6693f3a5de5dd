import { patched } from '@temporalio/workflow';
import { allWithAddedStep } from './added-step.ts';

/** The workflows after the same change as `CONTRIBUTING.md` asks for it. */
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
} = allWithAddedStep(() => patched('added-step'));
