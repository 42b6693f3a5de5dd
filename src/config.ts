import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Config } from './api/config.ts';
import { parseGoDuration } from './api/duration.ts';
import { BowlineError } from './api/errors.ts';
import { parseResourcePriorities } from './api/resource-priorities.ts';
import type { BackupStorageLocation, VolumeSnapshotLocation } from './api/locations.ts';

/** Where the configuration comes from. */
export interface ConfigSources {
  /** The file. Default: the variable `BOWLINE_CONFIG`, then `./bowline.yaml`, then `~/.config/bowline/bowline.yaml`. */
  readonly file?: string;
  /** Default: the process's. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Reads the configuration; the only reader of the environment. Without a file, defaults and variables alone make it up.
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
  for (const candidate of named === undefined ? candidates.slice(1) : [named]) {
    const text = await readFile(candidate!, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && named === undefined) return undefined;
      throw new BowlineError('InvalidConfig', `read ${candidate}: ${error.code}`, { cause: error });
    });
    if (text !== undefined) return parseConfig(text, { file: candidate!, env });
  }
  return parseConfig('', { file: 'the environment', env });
}

/** Whether errors are to be told with their stack traces, as `BOWLINE_DEBUG` with any value asks for. */
export function wantsDebug(env: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(env['BOWLINE_DEBUG']);
}

/** Reads a configuration from a file's text. @throws BowlineError `InvalidConfig` */
export function parseConfig(
  text: string,
  { file, env }: { readonly file: string; readonly env: NodeJS.ProcessEnv },
): Config {
  let parsed: unknown;
  try {
    parsed = parse(text) ?? {};
  } catch (error) {
    throw new BowlineError('InvalidConfig', `${file}: ${(error as Error).message.split('\n')[0]}`);
  }
  const reader = new Reader(env);
  const config = readConfig(reader.section(parsed, ''));
  const problems = [...reader.problems, ...crossProblems(config)];
  if (problems.length > 0) throw new BowlineError('InvalidConfig', `${file}: ${problems.join('; ')}`);
  return config;
}

function readConfig(top: Section): Config {
  const temporal = top.section('temporal');
  const kubernetes = top.section('kubernetes');
  const batch = top.section('batch');
  const concurrency = top.section('concurrency');
  const config: Config = {
    temporal: {
      address: temporal.text('address', '127.0.0.1:7233', 'TEMPORAL_ADDRESS'),
      namespace: temporal.text('namespace', 'default', 'TEMPORAL_NAMESPACE'),
      taskQueue: temporal.text('taskQueue', 'bowline'),
      idPrefix: temporal.text('idPrefix', ''),
      ...temporal.optionalText('apiKey', 'TEMPORAL_API_KEY'),
      ...temporal.optionalBoolean('tls'),
    },
    kubernetes: { ...kubernetes.optionalText('kubeconfig', 'KUBECONFIG'), ...kubernetes.optionalText('context') },
    namespace: top.text('namespace', 'velero'),
    backupStorageLocations: top.list('backupStorageLocations', readStorageLocation),
    volumeSnapshotLocations: top.list('volumeSnapshotLocations', readSnapshotLocation),
    ...top.optionalText('staging'),
    batch: { items: batch.count('items', 500, 500), bytes: batch.count('bytes', 4 * 1024 * 1024, 64 * 1024 * 1024) },
    concurrency: {
      batches: concurrency.count('batches', 8, 50),
      requests: concurrency.count('requests', 32, 1_000),
      lists: concurrency.count('lists', 4, 64),
      volumes: concurrency.count('volumes', 20, 500),
    },
    defaultBackupTtl: top.duration('defaultBackupTtl', '720h0m0s'),
    outOfReachTimeout: top.duration('outOfReachTimeout', '10m0s'),
    restoreResourcePriorities: top.text('restoreResourcePriorities', ''),
  };
  for (const section of [top, temporal, kubernetes, batch, concurrency]) section.refuseOthers();
  return config;
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
  section.refuseOthers();
  return location;
}

function crossProblems(config: Config): string[] {
  const { backupStorageLocations, volumeSnapshotLocations, staging, restoreResourcePriorities: priorities } = config;
  const problems: string[] = [];
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

/** Collects what is wrong, so that all of it is told at once. */
class Reader {
  readonly problems: string[] = [];
  readonly env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.env = env;
  }

  section(value: unknown, path: string): Section {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return new Section(this, value as Record<string, unknown>, path);
    if (value !== undefined) this.problems.push(`${path || 'the file'}: expected keys and values`);
    return new Section(this, {}, path);
  }
}

/** One mapping of the file; a scalar of it may be overridden by `BOWLINE_<PATH>`. */
class Section {
  readonly #reader: Reader;
  readonly #values: Record<string, unknown>;
  readonly #path: string;
  readonly #known = new Set<string>();

  constructor(reader: Reader, values: Record<string, unknown>, path: string) {
    this.#reader = reader;
    this.#values = values;
    this.#path = path;
  }

  section(key: string): Section {
    this.#known.add(key);
    return this.#reader.section(this.#values[key] ?? undefined, this.#at(key));
  }

  list<T>(key: string, read: (section: Section) => T): T[] {
    this.#known.add(key);
    const value = this.#values[key] ?? [];
    if (Array.isArray(value))
      return value.map((one, index) => read(this.#reader.section(one ?? null, `${this.#at(key)}[${index}]`)));
    this.#reader.problems.push(`${this.#at(key)}: expected a list`);
    return [];
  }

  /** @param fallback absent for a value that has to be there */
  text(key: string, fallback?: string, variable?: string): string {
    const value = this.#read(key, variable) ?? fallback;
    if (typeof value === 'string' && (value !== '' || fallback === '')) return value;
    this.#reader.problems.push(`${this.#at(key)}: ${value === undefined ? 'missing; expected text' : 'expected text'}`);
    return '';
  }

  /** A Go duration, as its text. */
  duration(key: string, fallback: string): string {
    const text = this.text(key, fallback);
    if (parseGoDuration(text) === undefined) {
      this.#reader.problems.push(`${this.#at(key)}: expected a duration such as 720h0m0s, got ${text}`);
    }
    return text;
  }

  optionalText<K extends string>(key: K, variable?: string): { readonly [P in K]?: string } {
    return this.#read(key, variable) === undefined
      ? {}
      : ({ [key]: this.text(key, undefined, variable) } as { readonly [P in K]?: string });
  }

  optionalBoolean<K extends string>(key: K): { readonly [P in K]?: boolean } {
    const value = this.#read(key);
    if (value === undefined) return {};
    if (value === true || value === false || value === 'true' || value === 'false')
      return { [key]: String(value) === 'true' } as { readonly [P in K]?: boolean };
    this.#reader.problems.push(`${this.#at(key)}: expected true or false`);
    return {};
  }

  oneOf<K extends string, V extends string>(key: K, values: readonly V[]): { readonly [P in K]?: V } {
    const value = this.#read(key);
    if (value === undefined) return {};
    if (values.some((one) => one === value)) return { [key]: value } as { readonly [P in K]?: V };
    this.#reader.problems.push(`${this.#at(key)}: expected one of ${values.join(', ')}`);
    return {};
  }

  count(key: string, fallback: number, most: number): number {
    const value = this.#read(key) ?? fallback;
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= most) return number;
    this.#reader.problems.push(`${this.#at(key)}: expected a whole number from 1 to ${most}`);
    return fallback;
  }

  /** A mapping of texts; numbers and booleans, which YAML makes of unquoted ones, are taken as their text. */
  texts(key: string): Record<string, string> {
    this.#known.add(key);
    const value = this.#values[key] ?? {};
    if (
      typeof value === 'object' &&
      !Array.isArray(value) &&
      Object.values(value).every((one) => ['string', 'number', 'boolean'].includes(typeof one))
    ) {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)]));
    }
    this.#reader.problems.push(`${this.#at(key)}: expected texts by name`);
    return {};
  }

  refuseOthers(): void {
    for (const key of Object.keys(this.#values)) {
      if (!this.#known.has(key))
        this.#reader.problems.push(`${this.#at(key)}: unknown key; known are ${[...this.#known].join(', ')}`);
    }
  }

  #read(key: string, variable?: string): unknown {
    this.#known.add(key);
    const derived = `BOWLINE_${this.#at(key)
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .replaceAll('.', '_')
      .toUpperCase()}`;
    const inList = this.#at(key).includes('[');
    return (
      (inList ? undefined : (this.#reader.env[variable ?? derived] ?? this.#reader.env[derived])) ??
      this.#values[key] ??
      undefined
    );
  }

  #at(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }
}
