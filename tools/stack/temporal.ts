import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findBinary } from './binaries.ts';
import { freePort, startServer } from './server.ts';

const run = promisify(execFile);

/** A Temporal dev server with its UI. */
export interface TemporalServer {
  readonly address: string;
  readonly uiUrl: string;
  /** The `temporal` command itself. */
  readonly cli: string;
  stop(): Promise<void>;
  /** Ends it as a loss of power would. */
  kill(): Promise<void>;
}

export interface TemporalOptions {
  /** Keeps its state in a file, to survive a restart. Default: in memory. */
  readonly databaseFile?: string;
  readonly port?: number;
  /** Settings of the server itself, by their keys. Default none. */
  readonly dynamicConfig?: Readonly<Record<string, unknown>>;
  /** Removed when the server has ended. Default: none. */
  readonly folder?: string;
}

/** Starts a Temporal dev server. */
export async function startTemporal(options: TemporalOptions = {}): Promise<TemporalServer> {
  const { databaseFile, port: wanted, dynamicConfig = {}, folder } = options;
  const cli = await findBinary('temporal');
  const [port, uiPort] = [wanted ?? (await freePort()), await freePort()];
  const address = `127.0.0.1:${port}`;
  const server = await startServer({
    name: 'temporal',
    command: cli,
    ...(folder !== undefined && { folder }),
    args: [
      ...[
        'server',
        'start-dev',
        '--ip',
        '127.0.0.1',
        '--port',
        String(port),
        '--ui-port',
        String(uiPort),
        '--log-level',
        'error',
      ],
      ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=OFF'],
      ...(databaseFile === undefined ? [] : ['--db-filename', databaseFile]),
      ...Object.entries(dynamicConfig).flatMap(([key, value]) => [
        '--dynamic-config-value',
        `${key}=${JSON.stringify(value)}`,
      ]),
    ],
    ready: () => run(cli, ['operator', 'cluster', 'health', '--address', address], { timeout: 5_000 }),
  });
  return { address, uiUrl: `http://127.0.0.1:${uiPort}`, cli, stop: server.stop, kill: server.kill };
}
