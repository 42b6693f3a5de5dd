import { patched } from '@temporalio/workflow';
import { allWithAddedStep } from './added-step.ts';

/** The workflows after the same change as `CONTRIBUTING.md` asks for it. */
export const { backup, checkConformance, deleteBackup, restore, restoreVolume, snapshotVolume, validateLocations } =
  allWithAddedStep(() => patched('added-step'));
