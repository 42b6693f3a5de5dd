import { parseArgs } from 'node:util';

/** What to measure, and with how much. */
export interface BenchOptions {
  readonly job: 'backup' | 'restore' | 'actions';
  /** Items in the cluster, besides what a cluster has of its own; of `actions`, pods. Default 5,000. */
  readonly items: number;
  /** How often to measure the job and its floor, in turn. Default 1. */
  readonly runs: number;
  /** Decides the items' content: the same seed gives the same items. Default 1. */
  readonly seed: number;
  /** Whether standard output holds the result line alone. */
  readonly json: boolean;
  /** A folder for CPU profiles of the workers. Default: none are made. */
  readonly profiles?: string;
}

/** What to type. */
export const usage = `usage: npm run bench -- backup|restore|actions [--items 5000] [--runs 1] [--seed 1] [--json] [--profiles FOLDER]`;

/** Reads the command line. @throws Error with what is wrong, for people */
export function parseBenchArguments(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      items: { type: 'string', default: '5000' },
      runs: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      profiles: { type: 'string' },
    },
  });
  const [job, ...rest] = positionals;
  if (!isJob(job) || rest.length > 0)
    throw new Error(`expected backup, restore or actions, got ${positionals.join(' ') || 'nothing'}`);
  return {
    job,
    items: count('items', values.items),
    runs: count('runs', values.runs),
    seed: count('seed', values.seed),
    json: values.json,
    ...(values.profiles !== undefined && { profiles: values.profiles }),
  };
}

function isJob(text: string | undefined): text is BenchOptions['job'] {
  return text === 'backup' || text === 'restore' || text === 'actions';
}

function count(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`--${name}: expected a whole number from 1 on, got ${text}`);
}
