import { Command, CommanderError } from 'commander';
import type { BowlineClient } from '../client/index.ts';
import type { Cli } from './cli.ts';
import { addActionCommands } from './commands/action.ts';
import { addBackupLocationCommands } from './commands/backup-location.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addCodecServerCommand } from './commands/codec-server.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addRestoreCommands } from './commands/restore.ts';
import type { Run } from './commands/run.ts';
import { addScheduleCommands } from './commands/schedule.ts';
import { addSetupCommand } from './commands/setup.ts';
import { addSnapshotLocationCommands } from './commands/snapshot-location.ts';
import { addVersionCommand } from './commands/version.ts';
import { addWorkerCommand } from './commands/worker.ts';
import { complaintOf } from './errors.ts';
import { addExamples } from './examples.ts';
import { exitCodes, exitCodesHelp } from './exit-codes.ts';
import { expandBooleans } from './flags.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line, without the program's name, and resolves with the exit code. Never rejects. */
export async function runCommandLine(args: readonly string[], cli: Cli & { readonly debug: boolean }): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const run: Run = async (tried, command, work) => {
    let client: Promise<BowlineClient> | undefined;
    const config = () => cli.loadConfig(command.optsWithGlobals<{ config?: string }>().config);
    const connect = () => (client ??= config().then((read) => cli.connect(read)));
    try {
      exitCode = await work({ cli, config, client: connect });
    } catch (error) {
      const complaint = complaintOf(error, { tried, debug: cli.debug });
      cli.terminal.err(complaint.lines.map((line) => `${line}\n`).join(''));
      exitCode = complaint.exitCode;
    } finally {
      await (await client?.catch(() => undefined))?.close();
    }
  };
  try {
    await createProgram(cli.terminal, run).parseAsync(expandBooleans(args), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    throw error;
  }
}

/** The whole command line, which writes to `terminal` and has `run` do what a command says. */
export function createProgram(terminal: Terminal, run: Run): Command {
  const program = new Command('bowline')
    .description('Backs up, restores and deletes Kubernetes resources and volumes, as durable Temporal workflows')
    .option('--config <file>', 'configuration; default $BOWLINE_CONFIG, ./bowline.yaml, ~/.config/bowline/bowline.yaml')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('afterAll', exitCodesHelp)
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .exitOverride();
  addWorkerCommand(program, run);
  addSetupCommand(program, run);
  addBackupCommands(program, run);
  addRestoreCommands(program, run);
  addScheduleCommands(program, run);
  addBackupLocationCommands(program, run);
  addSnapshotLocationCommands(program, run);
  addActionCommands(program, run);
  addCodecServerCommand(program, run);
  addDoctorCommand(program, run);
  addVersionCommand(program, run);
  addCompletionCommand(program, run);
  addExamples(program);
  return program;
}
