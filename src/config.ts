import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { mostConcurrent } from './api/concurrency.ts';
import { logLevels, type Config } from './api/config.ts';
import { BowlineError } from './api/errors.ts';
import { parseResourcePriorities } from './api/resource-priorities.ts';
import type { BackupStorageLocation, VolumeSnapshotLocation } from './api/locations.ts';
import { readItemActions, itemActionProblems } from './config-item-actions.ts';
import { notificationProblems, readNotification } from './config-notifications.ts';
import { Reader, type Section } from './config-section.ts';
import { readTracing } from './config-tracing.ts';
import { readTemporalProfile, type TemporalProfile } from './temporal-profile.ts';

/** Where the configuration comes from. */
export interface ConfigSources {
  /** The file. Default: the variable `BOWLINE_CONFIG`, then `./bowline.yaml`, then `~/.config/bowline/bowline.yaml`. */
  readonly file?: string;
  /** Default: the process's. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Reads the configuration; the only reader of the environment. Without a file, defaults and variables alone make it up. What it
 * does not say of Temporal is taken from Temporal's own configuration.
 *
 * @throws BowlineError `InvalidConfig` with all problems at once, each with the key's path and what was expected
 */
export async function loadConfig({ file, env = process.env }: ConfigSources = {}): Promise<Config> {
  const candidates = [
    file ?? env['BOWLINE_CONFIG'],
    'bowline.yaml',
    join(env['HOME'] ?? homedir(), '.config/bowline/bowline.yaml'),
  ];
  const named = candidates[0];
  const profile = readTemporalProfile(env);
  for (const candidate of named === undefined ? candidates.slice(1) : [named]) {
    const text = await readFile(candidate!, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && named === undefined) return undefined;
      throw new BowlineError('InvalidConfig', `read ${candidate}: ${error.code}`, { cause: error });
    });
    if (text !== undefined) return parseConfig(text, { file: candidate!, env, profile });
  }
  return parseConfig('', { file: 'the environment', env, profile });
}

/** Whether errors are to be told with their stack traces, as `BOWLINE_DEBUG` with any value asks for. */
export function wantsDebug(env: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(env['BOWLINE_DEBUG']);
}

/** Variables whose values nobody else is to see, by how they are named. */
const secretVariable =
  /(SECRET|TOKEN|PASSWORD|PASSPHRASE|API_KEY|ACCESS_KEY|ACCOUNT_KEY|CREDENTIALS?|OTLP(_TRACES)?_HEADERS)$/;

/** What a process must not tell of its own secrets: the values of keys and of variables that hold one. */
export function secretsOf(
  { temporal, tracing, notifications }: Config,
  env: NodeJS.ProcessEnv = process.env,
): string[] {
  const headers = [temporal.metadata, tracing?.headers].flatMap((one) => Object.values(one ?? {}));
  const variables = Object.entries(env).map(([name, value]) => (secretVariable.test(name) ? value : undefined));
  return [temporal.apiKey, ...headers, ...notifications.map(({ url }) => url), ...variables].filter(
    (value) => value !== undefined,
  );
}

/** What a configuration is read with. */
export interface ConfigSurroundings {
  /** For messages, and for paths that begin there. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  /** What holds of Temporal where neither the variables nor the text say it. Default: nothing. */
  readonly profile?: TemporalProfile;
}

/** Reads a configuration from a file's text. @throws BowlineError `InvalidConfig` */
export function parseConfig(text: string, { file, env, profile = {} }: ConfigSurroundings): Config {
  let parsed: unknown;
  try {
    parsed = parse(text) ?? {};
  } catch (error) {
    throw new BowlineError('InvalidConfig', `${file}: ${(error as Error).message.split('\n')[0]}`);
  }
  const reader = new Reader(env);
  const config = readConfig(reader.section(parsed, ''), { folder: resolve(dirname(file)), profile });
  const problems = [...reader.problems, ...crossProblems(config)];
  if (problems.length > 0) throw new BowlineError('InvalidConfig', `${file}: ${problems.join('; ')}`);
  return config;
}

function readConfig(
  top: Section,
  { folder, profile }: { readonly folder: string; readonly profile: TemporalProfile },
): Config {
  const temporal = top.section('temporal');
  const kubernetes = top.section('kubernetes');
  const batch = top.section('batch');
  const concurrency = top.section('concurrency');
  const expiry = top.section('expiry');
  const config: Config = {
    temporal: readTemporal(temporal, profile),
    kubernetes: { ...kubernetes.optionalText('kubeconfig', 'KUBECONFIG'), ...kubernetes.optionalText('context') },
    namespace: top.text('namespace', 'velero'),
    backupStorageLocations: top.list('backupStorageLocations', readStorageLocation),
    volumeSnapshotLocations: top.list('volumeSnapshotLocations', readSnapshotLocation),
    ...top.optionalText('staging'),
    batch: { items: batch.count('items', 500, 500), bytes: batch.count('bytes', 4 * 1024 * 1024, 64 * 1024 * 1024) },
    concurrency: {
      batches: concurrency.count('batches', 8, mostConcurrent.batches),
      requests: concurrency.count('requests', 32, 1_000),
      lists: concurrency.count('lists', 4, 64),
      volumes: concurrency.count('volumes', 20, mostConcurrent.volumes),
    },
    itemActions: readItemActions(top, folder),
    ...readListener(top, 'health'),
    ...readListener(top, 'metrics'),
    ...readTracing(top.section('tracing')),
    ...readLog(top),
    notifications: top.list('notifications', readNotification),
    defaultBackupTtl: top.duration('defaultBackupTtl', '720h0m0s'),
    expiry: {
      removeLast: expiry.optionalBoolean('removeLast').removeLast ?? false,
      sweepAfter: expiry.duration('sweepAfter', '24h0m0s'),
    },
    defaultItemOperationTimeout: top.duration('defaultItemOperationTimeout', '4h0m0s'),
    resourceTimeout: top.duration('resourceTimeout', '10m0s'),
    outOfReachTimeout: top.duration('outOfReachTimeout', '10m0s'),
    restoreResourcePriorities: top.text('restoreResourcePriorities', ''),
  };
  for (const section of [top, temporal, kubernetes, batch, concurrency, expiry]) section.refuseOthers();
  return config;
}

function readTemporal(section: Section, { metadata, ...profile }: TemporalProfile): Config['temporal'] {
  const { tls = profile.tls } = section.optionalBoolean('tls');
  return {
    address: section.text('address', profile.address ?? '127.0.0.1:7233', 'TEMPORAL_ADDRESS'),
    namespace: section.text('namespace', profile.namespace ?? 'default', 'TEMPORAL_NAMESPACE'),
    taskQueue: section.text('taskQueue', 'bowline'),
    idPrefix: section.text('idPrefix', ''),
    ...(profile.apiKey !== undefined && { apiKey: profile.apiKey }),
    ...section.optionalText('apiKey', 'TEMPORAL_API_KEY'),
    // `true` takes the certificates that Temporal's own configuration names.
    ...(tls !== undefined && { tls: tls === true ? profile.tls || true : tls }),
    ...(metadata && { metadata }),
    ...readVersioning(section),
    ...section.optionalText('workflowBundle'),
    ...readCodec(section),
  };
}

/** Both or neither: a build has to be told from those of other deployments. */
function readVersioning(temporal: Section): Pick<Config['temporal'], 'versioning'> {
  const section = temporal.section('versioning');
  const read = { ...section.optionalText('deployment'), ...section.optionalText('buildId') };
  section.refuseOthers();
  if (Object.keys(read).length === 0) return {};
  return { versioning: { deployment: section.text('deployment'), buildId: section.text('buildId') } };
}

function readCodec(temporal: Section): Pick<Config['temporal'], 'codec'> {
  const codec = temporal.section('codec');
  const { keyFile } = temporal.has('codec') ? { keyFile: codec.text('keyFile') } : codec.optionalText('keyFile');
  codec.refuseOthers();
  return keyFile === undefined ? {} : { codec: { keyFile } };
}

function readListener<K extends 'health' | 'metrics'>(top: Section, key: K): Pick<Config, K> {
  const section = top.section(key);
  const { listen } = section.optionalAddress('listen');
  section.refuseOthers();
  return (listen === undefined ? {} : { [key]: { listen } }) as Pick<Config, K>;
}

function readLog(top: Section): Pick<Config, 'log'> {
  const section = top.section('log');
  const { level } = section.oneOf('level', logLevels);
  section.refuseOthers();
  return level === undefined ? {} : { log: { level } };
}

function readStorageLocation(section: Section): BackupStorageLocation {
  const storage = section.section('objectStorage');
  const location: BackupStorageLocation = {
    name: section.text('name'),
    provider: section.text('provider'),
    ...section.optionalBoolean('default'),
    ...section.oneOf('accessMode', ['ReadOnly', 'ReadWrite'] as const),
    objectStorage: {
      bucket: storage.text('bucket'),
      ...storage.optionalText('prefix'),
      ...storage.optionalText('caCert'),
    },
    config: section.texts('config'),
  };
  storage.refuseOthers();
  section.refuseOthers();
  return location;
}

function readSnapshotLocation(section: Section): VolumeSnapshotLocation {
  const location = { name: section.text('name'), provider: section.text('provider'), config: section.texts('config') };
  const read = section.section('limits');
  const limits = { ...read.optionalNumber('inFlight', 1, 500), ...read.optionalNumber('perSecond', 0.001, 1_000) };
  for (const one of [read, section]) one.refuseOthers();
  return { ...location, ...(Object.keys(limits).length > 0 && { limits }) };
}

function crossProblems(config: Config): string[] {
  const { backupStorageLocations, volumeSnapshotLocations, staging, restoreResourcePriorities: priorities } = config;
  const problems = [...itemActionProblems(config), ...notificationProblems(config.notifications)];
  for (const [key, locations] of Object.entries({ backupStorageLocations, volumeSnapshotLocations })) {
    const names = locations.map(({ name }) => name);
    for (const name of new Set(names.filter((one, index) => one !== '' && names.indexOf(one) !== index)))
      problems.push(`${key}: two are named ${name}`);
  }
  const defaults = backupStorageLocations.filter((location) => location.default);
  if (defaults.length > 1)
    problems.push(
      `backupStorageLocations: ${defaults.map(({ name }) => name).join(' and ')} are both the default; expected one`,
    );
  if (staging !== undefined && !backupStorageLocations.some(({ name }) => name === staging)) {
    problems.push(`staging: no storage location is named ${staging}`);
  }
  if (priorities !== '' && parseResourcePriorities(priorities) === undefined) {
    problems.push(
      'restoreResourcePriorities: expected names with commas between, and at most one - before the last ones',
    );
  }
  return problems;
}
