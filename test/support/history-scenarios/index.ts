import { backupScenarios } from './backups.ts';
import { deletionScenarios } from './deletions.ts';
import { locationScenarios } from './locations.ts';
import { restoreScenarios } from './restores.ts';
import type { HistoryScenario } from './scenario.ts';
import { scheduleScenarios } from './schedules.ts';

/** Every scenario whose history is kept in `test/histories`. */
export const historyScenarios: readonly HistoryScenario[] = [
  ...backupScenarios,
  ...restoreScenarios,
  ...deletionScenarios,
  ...locationScenarios,
  ...scheduleScenarios,
];
