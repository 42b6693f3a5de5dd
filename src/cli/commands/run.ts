import type { Command } from 'commander';
import type { BowlineClient, Config } from '../../client/index.ts';
import type { Cli } from '../cli.ts';

/** What a command's work is handed. The configuration is read, and a client made, when first asked for. */
export interface Session {
  readonly cli: Cli;
  config(): Promise<Config>;
  client(): Promise<BowlineClient>;
}

/** Does a command's work and tells what failed, as `tried`. `work` resolves with the exit code. */
export type Run = (tried: string, command: Command, work: (session: Session) => Promise<number>) => Promise<void>;
