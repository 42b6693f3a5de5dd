import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
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
  /** Settings of the server itself, by their keys, beyond those of every stack. */
  readonly dynamicConfig?: Readonly<Record<string, unknown>>;
  /** Removed when the server has ended. Default: none. */
  readonly folder?: string;
}

/**
 * How often a second each shard looks for new tasks. By default it is 20, and the steps of one run, which all lie in one shard, follow each
 * other every 40 ms at best once the first 20 have passed.
 */
const ownConfig = { 'history.transferProcessorMaxPollRPS': 1_000 };

/** How often it is started while ports that it chooses for its own services turn out to be taken. */
const attempts = 5;

/** Starts a Temporal dev server. */
export async function startTemporal(options: TemporalOptions = {}): Promise<TemporalServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (attempt === attempts || !String(error).includes('address already in use')) throw error;
    }
  }
}

async function startOnce(options: TemporalOptions): Promise<TemporalServer> {
  const { databaseFile, port: wanted, dynamicConfig = {}, folder } = options;
  const cli = await findBinary('temporal');
  const [port, httpPort, uiPort] = [wanted ?? (await freePort()), await freePort(), await freePort()];
  // A start that failed has removed it.
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
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
        '--http-port',
        String(httpPort),
        '--ui-port',
        String(uiPort),
        '--log-level',
        'error',
      ],
      ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=OFF'],
      ...(databaseFile === undefined ? [] : ['--db-filename', databaseFile]),
      ...Object.entries({ ...ownConfig, ...dynamicConfig }).flatMap(([key, value]) => [
        '--dynamic-config-value',
        `${key}=${JSON.stringify(value)}`,
      ]),
    ],
    ready: () => run(cli, ['operator', 'cluster', 'health', '--address', address], { timeout: 5_000 }),
  });
  return { address, uiUrl: `http://127.0.0.1:${uiPort}`, cli, stop: server.stop, kill: server.kill };
}
