import { Option, type Command } from 'commander';
import { connectCluster } from '../cluster.ts';
import { examineCluster, examineConfiguration, examineRuns, type Finding } from '../doctor.ts';
import { exitCodes } from '../exit-codes.ts';
import { structured, table } from '../output.ts';
import { coloredPhase, plain, type Terminal } from '../terminal.ts';
import type { Run } from './run.ts';

/** Adds `bowline doctor`. */
export function addDoctorCommand(program: Command, run: Run): void {
  program
    .command('doctor')
    .description(
      'check the configuration, Temporal, its schedules, workers, storage locations, clocks, the cluster and the rights in it',
    )
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .addHelpText('after', help)
    .action(({ output }: { output: 'text' | 'json' }, command: Command) =>
      run('examine the installation', command, async ({ client, config, cli: { terminal } }) => {
        const read = await config();
        const findings = [
          ...examineConfiguration(read),
          ...(await examineRuns(await client(), read)),
          ...(await examineCluster(() => connectCluster(read))),
        ];
        terminal.out(output === 'json' ? structured(findings, 'json') : shown(findings, terminal));
        return findings.some(({ outcome }) => outcome === 'failed') ? exitCodes.failed : exitCodes.ok;
      }),
    );
}

const help = `
Storage locations are looked at by a worker, with its credentials. The cluster is asked by this
command, as the account that it runs as: run it where workers run to learn what theirs may do.
The exit code is 1 if a check failed; warnings alone leave it 0.`;

function shown(findings: readonly Finding[], terminal: Terminal): string {
  const rows = findings.map(({ check, outcome, found }) => [
    plain(check),
    coloredPhase(outcome, terminal),
    plain(found),
  ]);
  const mends = findings.flatMap(({ check, mend }) =>
    mend === undefined ? [] : [`  ${plain(check)}: ${plain(mend)}`],
  );
  const advice = mends.length === 0 ? '' : `\nHow to mend it:\n${mends.join('\n')}\n`;
  return `${table(['CHECK', 'OUTCOME', 'FOUND'], rows)}${advice}`;
}
