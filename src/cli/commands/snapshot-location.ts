import { Option, type Command } from 'commander';
import type { Config, VolumeSnapshotLocation } from '../../client/index.ts';
import { namedOnes } from '../named-ones.ts';
import { listing, type GetFormat } from '../output.ts';
import { plain } from '../terminal.ts';
import type { Run } from './run.ts';

const head = ['NAME', 'PROVIDER'];

/** Adds `bowline snapshot-location …`. */
export function addSnapshotLocationCommands(program: Command, run: Run): void {
  program
    .command('snapshot-location')
    .description('look at volume snapshot locations')
    .command('get [names...]')
    .description('list volume snapshot locations')
    .addOption(new Option('-o, --output <format>').choices(['table', 'json', 'yaml', 'name']).default('table'))
    .action((names: string[], { output }: { output: GetFormat }, command: Command) =>
      run('get snapshot locations', command, async ({ config, cli }) => {
        const read = await config();
        const found = namedOnes(read.volumeSnapshotLocations, names, 'snapshot location');
        const object = (location: VolumeSnapshotLocation): object => asObject(location, read);
        const view = { kind: 'VolumeSnapshotLocation', format: output, head, row, object };
        cli.terminal.out(listing(found, { ...view, isSingle: names.length === 1 }));
        return 0;
      }),
    );
}

function row({ name, provider }: VolumeSnapshotLocation): string[] {
  return [plain(name), plain(provider)];
}

/** As Velero has it in its cluster. */
function asObject({ name, ...spec }: VolumeSnapshotLocation, { namespace }: Config): object {
  return { apiVersion: 'velero.io/v1', kind: 'VolumeSnapshotLocation', metadata: { name, namespace }, spec };
}
