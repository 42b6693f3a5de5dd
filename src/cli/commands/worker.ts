import type { Command } from 'commander';
import type { Run } from './run.ts';

/** Adds `bowline worker`. */
export function addWorkerCommand(program: Command, run: Run): void {
  program
    .command('worker')
    .description('run a worker, which does the work, until SIGTERM or Ctrl-C: it then ends what it has begun')
    .action((_flags: object, command: Command) =>
      run('run a worker', command, async ({ config, cli }) => {
        const read = await config();
        // Loaded here alone: the other commands need neither the cluster nor a worker.
        const { runWorker } = await import('../../worker.ts');
        await runWorker(read, () => cli.terminal.out(`${connections(read)}\n`));
        return 0;
      }),
    );
}

/** What a worker has connected to, in one line. */
function connections({
  temporal,
  kubernetes,
  backupStorageLocations,
  volumeSnapshotLocations,
}: {
  readonly temporal: { readonly address: string; readonly namespace: string; readonly taskQueue: string };
  readonly kubernetes: { readonly context?: string };
  readonly backupStorageLocations: readonly { readonly name: string }[];
  readonly volumeSnapshotLocations: readonly { readonly name: string }[];
}): string {
  const names = (locations: readonly { readonly name: string }[]): string =>
    locations.map(({ name }) => name).join(', ') || 'none';
  return [
    `Worker on task queue ${temporal.taskQueue}: Temporal ${temporal.address}, namespace ${temporal.namespace}`,
    `cluster ${kubernetes.context ?? 'of the current context'}`,
    `storage locations ${names(backupStorageLocations)}`,
    `volume snapshot locations ${names(volumeSnapshotLocations)}`,
  ].join('; ');
}
