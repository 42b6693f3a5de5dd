import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { BowlineError } from '../../api/errors.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import { checkKeys, type ConfigKeys } from '../config-keys.ts';
import { fileSystemError, systemCode } from '../file-system-errors.ts';
import { throwIfInterrupted } from '../interruption.ts';
import type { CallOptions } from '../object-store.ts';
import type {
  Owner,
  ProvisioningStatus,
  SnapshotRequest,
  SnapshotSummary,
  VolumeInfo,
  VolumeRequest,
  VolumeSnapshotter,
  VolumeSnapshotterFactory,
  VolumeSummary,
} from '../volume-snapshotter.ts';
import { copyOnce, isDirectory, removeWhole, writeOnce } from './copies.ts';
import { bears, type Tags } from './tags.ts';

/** What lies beside a snapshot's directory, written last (a snapshot is there when its record is), and what tells of a volume. */
interface VolumeRecord {
  readonly volumeId: string;
  /** What a volume was made from. */
  readonly snapshotId?: string;
  readonly createdAt: string;
  readonly tags: Tags;
}

/** How much of a PersistentVolume's name a volume's name shows, so that it fits a directory's with all that comes after. */
const shownName = 190;

/** The settings of the `filesystem` volume snapshotter. */
export const filesystemVolumeKeys: ConfigKeys = { required: ['path'], optional: ['volumesPath', 'allowedPaths'] };

interface PersistentVolumeSpec {
  hostPath?: { path: string };
  local?: { path: string };
}

/**
 * Snapshots of hostPath and local volumes as complete copies of their directories, for clusters of one machine and for tests. A
 * volume's id is its path. Calls return when the copy is done. `config.path` keeps the snapshots, `config.volumesPath`
 * (default: `volumes` in it) the volumes made from them; `config.allowedPaths`, separated by commas, limits what else may be
 * snapshotted to what lies below them, links followed. A volume that holds the snapshots themselves is refused.
 *
 * Once per owner: a copy grows under a name of its own attempt and is renamed to the one that its owner gives; of two attempts
 * the first wins and the other returns the same id.
 */
export const filesystem: VolumeSnapshotterFactory = async (config) => {
  checkKeys('filesystem volume snapshotter', config, filesystemVolumeKeys);
  const { path = '', volumesPath = join(path, 'volumes'), allowedPaths } = config;
  const relative = [path, volumesPath].filter((folder) => !isAbsolute(folder));
  if (relative.length > 0)
    throw new BowlineError(
      'InvalidConfig',
      `filesystem volume snapshotter: expected absolute paths, got ${relative.join(', ')}`,
    );
  const snapshots = join(path, 'snapshots');
  const records = join(path, 'volume-records');
  await attempt(`open ${path}`, {}, async () => {
    for (const folder of [snapshots, records, volumesPath]) await mkdir(folder, { recursive: true });
  });
  return new FilesystemSnapshotter({
    snapshots,
    records,
    volumes: resolve(volumesPath),
    allowed: allowedPaths?.split(',').map((one) => resolve(one.trim())),
  });
};

interface Places {
  readonly snapshots: string;
  /** What tells of the volumes made here: written before the volume is, for a volume that nothing tells of would be lost. */
  readonly records: string;
  readonly volumes: string;
  readonly allowed: readonly string[] | undefined;
}

class FilesystemSnapshotter implements VolumeSnapshotter {
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
  }

  getVolumeId(persistentVolume: Unstructured): string {
    const { hostPath, local } = (persistentVolume['spec'] ?? {}) as PersistentVolumeSpec;
    return hostPath?.path ?? local?.path ?? '';
  }

  setVolumeId(persistentVolume: Unstructured, volumeId: string): Unstructured {
    const { hostPath, local } = (persistentVolume['spec'] ?? {}) as PersistentVolumeSpec;
    const source = hostPath ?? local;
    if (source === undefined) {
      throw new BowlineError(
        'Unsupported',
        `set volume id of ${persistentVolume.metadata.name}: expected a hostPath or local volume`,
      );
    }
    source.path = volumeId;
    return persistentVolume;
  }

  async getVolumeInfo(volumeId: string, _zone: string, options: CallOptions = {}): Promise<VolumeInfo> {
    return attempt(`describe volume ${volumeId}`, options, async () => {
      await this.#source(volumeId);
      return { type: 'filesystem' };
    });
  }

  async createSnapshot({ volumeId, tags, owner }: SnapshotRequest, options: CallOptions = {}): Promise<string> {
    return attempt(`snapshot volume ${volumeId}`, options, async () => {
      const snapshotId = `snap-${digestOf(owner).slice(0, 16)}`;
      if (await this.#record(snapshotId)) return snapshotId;
      await copyOnce(await this.#source(volumeId), this.#snapshot(snapshotId), options);
      await writeOnce(this.#recordFile(snapshotId), recordOf({ volumeId, tags }));
      return snapshotId;
    });
  }

  async snapshotStatus(snapshotId: string, options: CallOptions = {}): Promise<ProvisioningStatus> {
    const tried = `describe snapshot ${snapshotId}`;
    return attempt(tried, options, async () => {
      if (await this.#record(snapshotId)) return { phase: 'Ready', percent: 100 };
      throw new BowlineError('NotFound', `${tried}: no such snapshot`);
    });
  }

  async deleteSnapshot(snapshotId: string, options: CallOptions = {}): Promise<void> {
    await attempt(`delete snapshot ${snapshotId}`, options, async () => {
      if (!isSnapshotId(snapshotId)) return;
      await rm(this.#recordFile(snapshotId), { force: true });
      await removeWhole(this.#snapshot(snapshotId));
    });
  }

  async *listSnapshots(tags: Tags, options: CallOptions = {}): AsyncIterable<SnapshotSummary> {
    const { snapshots } = this.#places;
    const names = await attempt(`list snapshots in ${snapshots}`, options, () => readdir(snapshots));
    for (const name of names.sort()) {
      const snapshotId = name.slice(0, -'.json'.length);
      if (!name.endsWith('.json') || !isSnapshotId(snapshotId)) continue;
      const record = await this.#record(snapshotId);
      if (record && bears(record.tags, tags)) yield { snapshotId, ...record };
    }
  }

  async createVolumeFromSnapshot(request: VolumeRequest, options: CallOptions = {}): Promise<string> {
    const { snapshotId, tags, owner } = request;
    const tried = `create volume from ${snapshotId}`;
    return attempt(tried, options, async () => {
      if (!(await this.#record(snapshotId))) throw new BowlineError('NotFound', `${tried}: no such snapshot`);
      const name = `${owner.persistentVolume.slice(0, shownName)}-${digestOf(owner).slice(0, 8)}`;
      const volumeId = this.#restored(join(this.#places.volumes, name));
      await writeOnce(this.#volumeRecordFile(volumeId), recordOf({ volumeId, snapshotId, tags }));
      await copyOnce(this.#snapshot(snapshotId), volumeId, options);
      return volumeId;
    });
  }

  async volumeStatus(volumeId: string, options: CallOptions = {}): Promise<ProvisioningStatus> {
    const tried = `describe volume ${volumeId}`;
    return attempt(tried, options, async () => {
      if (await isDirectory(volumeId)) return { phase: 'Ready', percent: 100 };
      throw new BowlineError('NotFound', `${tried}: no such directory`);
    });
  }

  async deleteVolume(volumeId: string, options: CallOptions = {}): Promise<void> {
    await attempt(`delete volume ${volumeId}`, options, async () => {
      await removeWhole(this.#restored(volumeId));
      await rm(this.#volumeRecordFile(volumeId), { force: true });
    });
  }

  async *listVolumes(tags: Tags, options: CallOptions = {}): AsyncIterable<VolumeSummary> {
    const { records } = this.#places;
    const names = await attempt(`list volumes in ${records}`, options, () => readdir(records));
    for (const name of names.filter((one) => one.endsWith('.json')).sort()) {
      const record = await readRecord(join(records, name));
      const { snapshotId = '' } = record ?? {};
      if (record && bears(record.tags, tags) && (await isDirectory(record.volumeId))) yield { ...record, snapshotId };
    }
  }

  async #record(snapshotId: string): Promise<VolumeRecord | undefined> {
    return readRecord(this.#recordFile(snapshotId));
  }

  #snapshot(snapshotId: string): string {
    if (isSnapshotId(snapshotId)) return join(this.#places.snapshots, snapshotId);
    throw new BowlineError('NotFound', `snapshot ${JSON.stringify(snapshotId)}: not one of this location's`);
  }

  #recordFile(snapshotId: string): string {
    return `${this.#snapshot(snapshotId)}.json`;
  }

  #volumeRecordFile(volumeId: string): string {
    return join(this.#places.records, `${basename(volumeId)}.json`);
  }

  /** The directory that a volume is, links followed: what they lead to has to be allowed as well. */
  async #source(volumeId: string): Promise<string> {
    const { allowed, snapshots, volumes } = this.#places;
    const folders = allowed && [...allowed, volumes];
    const assertAllowed = (path: string, below: readonly string[] | undefined): void => {
      if (isAbsolute(path) && (below === undefined || below.some((folder) => isBelow(path, folder)))) return;
      throw new BowlineError('AccessDenied', `volume ${volumeId}: not below ${folders?.join(', ') ?? '/'}`);
    };
    assertAllowed(volumeId, folders);
    const found = await real(volumeId);
    if (found === undefined || !(await isDirectory(found)))
      throw new BowlineError('NotFound', `volume ${volumeId}: no such directory`);
    assertAllowed(found, folders && (await Promise.all(folders.map(async (folder) => (await real(folder)) ?? folder))));
    const kept = (await real(snapshots)) ?? snapshots;
    if (kept === found || isBelow(kept, found))
      throw new BowlineError('Unsupported', `volume ${volumeId}: the snapshots themselves are kept in it`);
    return found;
  }

  /** A volume of our making: directly in `volumesPath`. Others are not ours to remove. */
  #restored(volumeId: string): string {
    const { volumes } = this.#places;
    if (isAbsolute(volumeId) && dirname(resolve(volumeId)) === volumes) return resolve(volumeId);
    throw new BowlineError('AccessDenied', `volume ${volumeId}: not one that was made in ${volumes}`);
  }
}

/** What every call is: nothing once the signal has fired, and failures with codes. */
async function attempt<T>(tried: string, { signal }: CallOptions, call: () => Promise<T>): Promise<T> {
  throwIfInterrupted(tried, signal);
  try {
    return await call();
  } catch (error) {
    throw fileSystemError(tried, error);
  }
}

function recordOf(about: Omit<VolumeRecord, 'createdAt'>): string {
  return JSON.stringify({ ...about, createdAt: new Date().toISOString() } satisfies VolumeRecord);
}

async function readRecord(file: string): Promise<VolumeRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as VolumeRecord;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileSystemError(`read ${file}`, error);
  }
}

function digestOf({ uid, persistentVolume }: Owner): string {
  return createHash('sha256').update(`${uid}/${persistentVolume}`).digest('hex');
}

function isBelow(path: string, folder: string): boolean {
  return resolve(path).startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The path without links, or nothing if it is absent. */
async function real(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

function isSnapshotId(text: string): boolean {
  return /^snap-[0-9a-f]{16}$/.test(text);
}
