// The least that a job can take, done by hand in a process like the worker's. Arguments: the job, the configuration file and,
// for a restore, the prefixes of the namespaces to copy from and to. Sends a `Floor`.
import { loadConfig } from '../../src/config.ts';
import type { ItemsOptions } from './arguments.ts';
import { backupFloor } from './backup-floor.ts';
import { deletionFloor } from './deletion-floor.ts';
import { restoreFloor } from './restore-floor.ts';

const [job, file = '', from = '', to = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit(1));
const config = await loadConfig({ file, env: {} });
const floors = {
  backup: () => backupFloor(config),
  restore: () => restoreFloor(config, { from, to }),
  delete: () => deletionFloor(config, from),
};
process.send?.(await floors[job as Exclude<ItemsOptions['job'], 'actions'>]());
process.exit(0);
