import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, resolve, sep } from 'node:path';
import { BowlineError } from '../../api/errors.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import { checkKeys } from '../config-keys.ts';
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
} from '../volume-snapshotter.ts';
import { copyTree } from './copy-tree.ts';

/** What lies beside a snapshot's directory, written last: a snapshot is there when its record is. */
interface SnapshotRecord {
  readonly volumeId: string;
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
}

interface PersistentVolumeSpec {
  hostPath?: { path: string };
  local?: { path: string };
}

/**
 * Snapshots of hostPath and local volumes as complete copies of their directories, for clusters of one machine and for tests. A
 * volume's id is its path. Calls return when the copy is done. `config.path` keeps the snapshots, `config.volumesPath`
 * (default: `volumes` in it) the volumes made from them; `config.allowedPaths`, separated by commas, limits what may be copied.
 *
 * Once per owner: a copy grows under a name of its own attempt and is renamed to the one that its owner gives; of two attempts
 * the first wins and the other returns the same id.
 */
export const filesystem: VolumeSnapshotterFactory = async (config) => {
  checkKeys('filesystem volume snapshotter', config, { required: ['path'], optional: ['volumesPath', 'allowedPaths'] });
  const { path = '', volumesPath = join(path, 'volumes'), allowedPaths } = config;
  const relative = [path, volumesPath].filter((folder) => !isAbsolute(folder));
  if (relative.length > 0)
    throw new BowlineError(
      'InvalidConfig',
      `filesystem volume snapshotter: expected absolute paths, got ${relative.join(', ')}`,
    );
  const snapshots = join(path, 'snapshots');
  await mkdir(snapshots, { recursive: true });
  await mkdir(volumesPath, { recursive: true });
  return new FilesystemSnapshotter({
    snapshots,
    volumes: resolve(volumesPath),
    allowed: allowedPaths?.split(',').map((one) => resolve(one.trim())),
  });
};

interface Places {
  readonly snapshots: string;
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

  async getVolumeInfo(volumeId: string): Promise<VolumeInfo> {
    await this.#assertDirectory('describe volume', this.#allowed(volumeId));
    return { type: 'filesystem' };
  }

  async createSnapshot({ volumeId, tags, owner }: SnapshotRequest, { signal }: CallOptions = {}): Promise<string> {
    const snapshotId = `snap-${digestOf(owner).slice(0, 16)}`;
    if ((await this.#record(snapshotId)) !== undefined) return snapshotId;
    await this.#copyOnce({ from: this.#allowed(volumeId), to: this.#snapshot(snapshotId), signal });
    const record: SnapshotRecord = { volumeId, createdAt: new Date().toISOString(), tags };
    await writeSynced(this.#recordFile(snapshotId), JSON.stringify(record));
    return snapshotId;
  }

  async snapshotStatus(snapshotId: string): Promise<ProvisioningStatus> {
    if (await this.#record(snapshotId)) return { phase: 'Ready', percent: 100 };
    throw new BowlineError('NotFound', `describe snapshot ${snapshotId}: no such snapshot`);
  }

  async deleteSnapshot(snapshotId: string): Promise<void> {
    const folder = this.#snapshot(snapshotId);
    await rm(this.#recordFile(snapshotId), { force: true });
    await rm(folder, { recursive: true, force: true });
    for (const name of await readdir(this.#places.snapshots)) {
      if (name.startsWith(`${snapshotId}.partial-`))
        await rm(join(this.#places.snapshots, name), { recursive: true, force: true });
    }
  }

  async *listSnapshots(tags: Readonly<Record<string, string>>): AsyncIterable<SnapshotSummary> {
    for (const name of (await readdir(this.#places.snapshots)).sort()) {
      if (!name.endsWith('.json')) continue;
      const snapshotId = name.slice(0, -'.json'.length);
      const record = await this.#record(snapshotId);
      if (record && Object.entries(tags).every(([key, value]) => record.tags[key] === value))
        yield { snapshotId, ...record };
    }
  }

  async createVolumeFromSnapshot({ snapshotId, owner }: VolumeRequest, { signal }: CallOptions = {}): Promise<string> {
    if ((await this.#record(snapshotId)) === undefined)
      throw new BowlineError('NotFound', `create volume from ${snapshotId}: no such snapshot`);
    const volumeId = join(this.#places.volumes, `${owner.persistentVolume}-${digestOf(owner).slice(0, 8)}`);
    await this.#copyOnce({ from: this.#snapshot(snapshotId), to: this.#restored(volumeId), signal });
    return volumeId;
  }

  async volumeStatus(volumeId: string): Promise<ProvisioningStatus> {
    await this.#assertDirectory('describe volume', volumeId);
    return { phase: 'Ready', percent: 100 };
  }

  async deleteVolume(volumeId: string): Promise<void> {
    await rm(this.#restored(volumeId), { recursive: true, force: true });
  }

  /** Copies under a name of this attempt, then renames. A directory of the final name is a whole copy: another attempt's. */
  async #copyOnce({ from, to, signal }: { from: string; to: string; signal: AbortSignal | undefined }): Promise<void> {
    if (await isDirectory(to)) return;
    const partial = `${to}.partial-${randomUUID()}`;
    try {
      await copyTree(from, partial, signal);
      await rename(partial, to);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  async #record(snapshotId: string): Promise<SnapshotRecord | undefined> {
    try {
      return JSON.parse(await readFile(this.#recordFile(snapshotId), 'utf8')) as SnapshotRecord;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new BowlineError('Unavailable', `read snapshot ${snapshotId}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  #snapshot(snapshotId: string): string {
    if (/^snap-[0-9a-f]{16}$/.test(snapshotId)) return join(this.#places.snapshots, snapshotId);
    throw new BowlineError('NotFound', `snapshot ${JSON.stringify(snapshotId)}: not one of this location's`);
  }

  #recordFile(snapshotId: string): string {
    return `${this.#snapshot(snapshotId)}.json`;
  }

  #allowed(volumeId: string): string {
    const { allowed } = this.#places;
    if (isAbsolute(volumeId) && (allowed === undefined || allowed.some((folder) => isBelow(volumeId, folder))))
      return normalize(volumeId);
    throw new BowlineError('AccessDenied', `volume ${volumeId}: not below ${allowed?.join(', ') ?? '/'}`);
  }

  #restored(volumeId: string): string {
    if (isBelow(volumeId, this.#places.volumes)) return normalize(volumeId);
    throw new BowlineError('AccessDenied', `volume ${volumeId}: not one that was made in ${this.#places.volumes}`);
  }

  async #assertDirectory(tried: string, path: string): Promise<void> {
    if (!(await isDirectory(path))) throw new BowlineError('NotFound', `${tried} ${path}: no such directory`);
  }
}

function digestOf({ uid, persistentVolume }: Owner): string {
  return createHash('sha256').update(`${uid}/${persistentVolume}`).digest('hex');
}

function isBelow(path: string, folder: string): boolean {
  return normalize(path).startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function writeSynced(file: string, text: string): Promise<void> {
  const partial = `${file}.partial-${randomUUID()}`;
  const handle = await open(partial, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, file);
}
