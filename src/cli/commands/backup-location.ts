import { Option, type Command } from 'commander';
import { errorCode, type BackupLocationEntry, type BackupLocations, type Config } from '../../client/index.ts';
import type { Cli } from '../cli.ts';
import { followChecks } from '../follow-checks.ts';
import { namedOnes } from '../named-ones.ts';
import { listing, type GetFormat } from '../output.ts';
import { coloredPhase, plain } from '../terminal.ts';
import type { Run } from './run.ts';

const head = ['NAME', 'PROVIDER', 'BUCKET/PREFIX', 'PHASE', 'LAST VALIDATED', 'ACCESS MODE', 'DEFAULT'];

/** Adds `bowline backup-location …`. */
export function addBackupLocationCommands(program: Command, run: Run): void {
  const location = program.command('backup-location').description('look at storage locations, and check them');
  location
    .command('get [names...]')
    .description('list storage locations, with what the last validation found')
    .option('--validate', 'have a worker look at each of them first')
    .addOption(new Option('-o, --output <format>').choices(['table', 'json', 'yaml', 'name']).default('table'))
    .action((names: string[], { output, validate }: GetFlags, command: Command) =>
      run('get backup locations', command, async ({ client, config, cli }) => {
        const locations = (await client()).backupLocations;
        const found = await (validate ? validated(locations, cli) : known(locations, cli));
        const read = await config();
        const object = (entry: BackupLocationEntry): object => asObject(entry, read);
        const view = { kind: 'BackupStorageLocation', format: output, head, row: rowFor(cli), object };
        cli.terminal.out(
          listing(namedOnes(found, names, 'backup location'), { ...view, isSingle: names.length === 1 }),
        );
        return 0;
      }),
    );
  location
    .command('validate <name>')
    .description("check whether a location's bucket keeps every promise that backups rely on")
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .addHelpText('after', validateHelp)
    .action((name: string, { output }: { output: 'text' | 'json' }, command: Command) =>
      run(`validate ${name}`, command, async ({ client, cli }) =>
        followChecks(await (await client()).backupLocations.checkConformance(name), output, cli),
      ),
    );
}

interface GetFlags {
  readonly output: GetFormat;
  readonly validate?: boolean;
}

const validateHelp = `
A worker does it, with its own credentials. It writes some 100 MB in all, each check below a
folder of its own, plugins/bowline-validate-<id>/ in the location, and removes all of that at the
end, also after Ctrl-C. A location that is ReadOnly is only read.`;

async function validated(
  locations: BackupLocations,
  { terminal, acceptWithinMs }: Cli,
): Promise<BackupLocationEntry[]> {
  const note = setTimeout(() => terminal.err('no answer yet: is a worker running?\n'), acceptWithinMs);
  return locations.validate().finally(() => clearTimeout(note));
}

/** Where Temporal is out of reach, what is configured can be told all the same. */
async function known(locations: BackupLocations, { terminal }: Cli): Promise<BackupLocationEntry[]> {
  try {
    return await locations.list();
  } catch (error) {
    if (errorCode(error) !== 'Unavailable') throw error;
    terminal.err(`what was found of them is not known: ${plain((error as Error).message)}\n`);
    return locations.configured();
  }
}

function rowFor({ terminal }: Cli) {
  return ({ name, location, status }: BackupLocationEntry): string[] => {
    const { bucket, prefix } = location.objectStorage;
    return [
      plain(name),
      plain(location.provider),
      plain([bucket, prefix].filter(Boolean).join('/')),
      coloredPhase(status?.phase ?? 'Unknown', terminal),
      plain(status?.lastValidationTime ?? 'Unknown'),
      location.accessMode ?? 'ReadWrite',
      location.default ? 'true' : '',
    ];
  };
}

/** As Velero has it in its cluster. */
function asObject({ location, status }: BackupLocationEntry, { namespace }: Config): object {
  const { name, ...spec } = location;
  return {
    apiVersion: 'velero.io/v1',
    kind: 'BackupStorageLocation',
    metadata: { name, namespace },
    spec,
    ...(status && { status }),
  };
}
