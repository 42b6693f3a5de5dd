import { parseArgs } from 'node:util';

/** What to measure, and with how much. */
export type BenchOptions = ItemsOptions | SnapshotsOptions | RecoveryOptions;

interface CommonOptions {
  /** Whether standard output holds the result line alone. */
  readonly json: boolean;
  /** A folder for CPU profiles of the workers. Default: none are made. */
  readonly profiles?: string;
}

/** A backup, a restore or a deletion of many items. */
export interface ItemsOptions extends CommonOptions {
  readonly job: 'backup' | 'restore' | 'delete' | 'actions';
  /** Items in the cluster, besides what a cluster has of its own; of `actions`, pods. Default 5,000. */
  readonly items: number;
  /** Workers that share the job. Default 1. */
  readonly workers: number;
  /** The items are not in a real cluster: a server makes them up as it lists them. Default: they are. */
  readonly synthetic: boolean;
  /** How often to measure the job and its floor, in turn. Default 1. */
  readonly runs: number;
  /** Decides the items' content: the same seed gives the same items. Default 1. */
  readonly seed: number;
}

/** A backup of many volumes. */
export interface SnapshotsOptions extends CommonOptions {
  readonly job: 'snapshots';
  /** Volumes. Default 900. */
  readonly count: number;
  /** How long each snapshot takes once it is accepted. Default 8. */
  readonly providerSeconds: number;
}

/** Backups whose only worker is killed. */
export interface RecoveryOptions extends CommonOptions {
  readonly job: 'recovery';
  /** How many workers to kill. Default 50. */
  readonly kills: number;
}

/** What to type. */
export const usage = `usage: npm run bench -- backup|restore|delete [--items 5000] [--workers 1] [--synthetic] [--runs 1] [--seed 1] [--json] [--profiles FOLDER]
       npm run bench -- actions [--items 5000] [--runs 1] [--seed 1] [--json] [--profiles FOLDER]
       npm run bench -- snapshots [--count 900] [--provider-seconds 8] [--json] [--profiles FOLDER]
       npm run bench -- recovery [--kills 50] [--json] [--profiles FOLDER]`;

/** Reads the command line. @throws Error with what is wrong, for people */
export function parseBenchArguments([job, ...args]: readonly string[]): BenchOptions {
  const common = { json: { type: 'boolean', default: false }, profiles: { type: 'string' } } as const;
  switch (job) {
    case 'backup':
    case 'restore':
    case 'delete':
    case 'actions': {
      const { values } = parseArgs({
        args,
        options: {
          ...common,
          items: { type: 'string', default: '5000' },
          workers: { type: 'string', default: '1' },
          synthetic: { type: 'boolean', default: false },
          runs: { type: 'string', default: '1' },
          seed: { type: 'string', default: '1' },
        },
      });
      const { items, workers, synthetic, runs, seed } = values;
      return {
        job,
        items: count('items', items),
        workers: count('workers', workers),
        synthetic,
        runs: count('runs', runs),
        seed: count('seed', seed),
        ...commonOptions(values),
      };
    }
    case 'snapshots': {
      const { values } = parseArgs({
        args,
        options: {
          ...common,
          count: { type: 'string', default: '900' },
          'provider-seconds': { type: 'string', default: '8' },
        },
      });
      return {
        job,
        count: count('count', values.count),
        providerSeconds: count('provider-seconds', values['provider-seconds']),
        ...commonOptions(values),
      };
    }
    case 'recovery': {
      const { values } = parseArgs({ args, options: { ...common, kills: { type: 'string', default: '50' } } });
      return { job, kills: count('kills', values.kills), ...commonOptions(values) };
    }
    default:
      throw new Error(`expected backup, restore, delete, actions, snapshots or recovery, got ${job ?? 'nothing'}`);
  }
}

function commonOptions({ json, profiles }: { json: boolean; profiles?: string | undefined }): CommonOptions {
  return { json, ...(profiles !== undefined && { profiles }) };
}

function count(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`--${name}: expected a whole number from 1 on, got ${text}`);
}
