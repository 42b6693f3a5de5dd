import type { BowlineClient, Config } from '../client/index.ts';
import type { Terminal } from './terminal.ts';

/** What the commands have to work with; tests hand in their own. */
export interface Cli {
  readonly terminal: Terminal;
  /** @throws BowlineError `InvalidConfig` */
  loadConfig(file: string | undefined): Promise<Config>;
  connect(config: Config): Promise<BowlineClient>;
  now(): Date;
  /** Has `listener` called on the first Ctrl-C, in place of the process's end, until what this returns is called. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once, with whatever is still under way. */
  exit(code: number): void;
  /** How long `create` waits for the validation of a request, in milliseconds. */
  readonly acceptWithinMs: number;
  /** How long a person may wait for names after a press of the tab key, in milliseconds. */
  readonly namesWithinMs: number;
}

/** A command that can't do what it was asked, for a reason that people can mend: each problem becomes one line. */
export class UsageError extends Error {
  readonly problems: readonly string[];

  constructor(...problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'UsageError';
    this.problems = problems;
  }
}
