import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { Artifact } from '../../src/activities/artifact.ts';
import type { PreparedBackup } from '../../src/activities/prepare-backup.ts';
import type { Position } from '../../src/activities/collect-items.ts';
import type { BackupSpec, BackupStatus, VolumeOutcome, VolumeSnapshot } from '../../src/api/backup.ts';
import type { BatchRef, ReportRef, SegmentRef } from '../../src/api/run.ts';
import { itemKey, type Unstructured } from '../../src/api/unstructured.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { readTarball } from '../../src/backup-format/tarball.ts';
import type { ActivityRunner } from './activity-runner.ts';

const layout = backupLayout('nightly');
const batchSize = { items: 500, bytes: 4 * 1024 * 1024 };

/**
 * The backup `nightly`, made by the activities in the workflow's order, one after the other: what the rules of a backup say of items
 * needs no Temporal.
 */
export class ActivityBackup {
  readonly #runner: ActivityRunner;
  readonly #segments: SegmentRef[] = [];
  readonly #volumes: VolumeOutcome[] = [];
  readonly #collected: ReportRef[] = [];
  readonly #reports: ReportRef[] = [];
  readonly #complaints: string[] = [];
  #prepared!: PreparedBackup;
  #files: ReadonlyMap<string, Buffer> = new Map();
  #wanted: ReportRef[] = [];
  #steps = 0;

  constructor(runner: ActivityRunner) {
    this.#runner = runner;
  }

  /** Makes it, and seals it in the runner's store, in the place of an earlier one. */
  static async make(runner: ActivityRunner, spec: BackupSpec = {}): Promise<ActivityBackup> {
    runner.store.objects.clear();
    const backup = new ActivityBackup(runner);
    await backup.#make(spec);
    backup.#files = new Map(runner.store.objects);
    return backup;
  }

  /** The keys of the items in the tarball, in its order. */
  async keys(): Promise<string[]> {
    return (await this.items()).map(({ key }) => key);
  }

  async items(): Promise<{ key: string; item: Unstructured }[]> {
    const items = [];
    for await (const { body, ...identifier } of readTarball(Readable.from([this.file(layout.contents)])))
      items.push({ key: itemKey(identifier), item: JSON.parse(body.toString()) as Unstructured });
    return items;
  }

  file(key: string): Buffer {
    return this.#files.get(key)!;
  }

  /** The value in one of the gzipped JSON files. */
  json<T>(file: 'results' | 'resourceList' | 'volumeInfo' | 'volumeSnapshots'): T {
    return JSON.parse(gunzipSync(this.file(layout[file])).toString()) as T;
  }

  /** The log, line by line. */
  log(): string[] {
    return gunzipSync(this.file(layout.logs)).toString().split('\n').slice(0, -1);
  }

  /** Warnings and errors, each with the key of its item, if it is about one. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  get metadata(): { spec: BackupSpec; status: BackupStatus } {
    return JSON.parse(this.file(layout.metadata).toString()) as { spec: BackupSpec; status: BackupStatus };
  }

  async #make(spec: BackupSpec): Promise<void> {
    this.#prepared = await this.#runner.prepareBackup(spec);
    this.#report(this.#prepared.report);
    for (let position: Position | undefined = { list: 0 }; position;) position = await this.#collect(position);
    for (let wave = 1; wave === 1 || this.#wanted.length > 0; wave++) await this.#collectAdditional(wave);
    await this.#seal();
  }

  get #planned(): Pick<PreparedBackup, 'run' | 'plan'> {
    const { run, plan } = this.#prepared;
    return { run, plan };
  }

  #step(name: string): string {
    return `${name}-${this.#steps++}`;
  }

  #report(report: ReportRef): void {
    this.#reports.push(report);
    for (const { level, message, item } of this.#runner.lines(report, 'log'))
      if (level !== 'info') this.#complaints.push(`${level}: ${item ? `${itemKey(item)}: ` : ''}${message}`);
    if (report.additionalItems > 0) this.#wanted.push(report);
  }

  async #collect(from: Position): Promise<Position | undefined> {
    const order = [0, this.#steps];
    const step = this.#step('collect');
    const earlier = from.begunAnew ? this.#collected : [];
    const input = { ...this.#planned, step, batch: batchSize, order, from, earlier, items: 2_000, staged: 0 };
    const { batches, segments, report, next } = await this.#runner.run('collectItems', input);
    await this.#take({ batches, segments, report }, order);
    return next;
  }

  async #collectAdditional(wave: number): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = [];
    const order = [wave, this.#steps];
    const taken = await this.#runner.run('collectAdditionalItems', {
      ...this.#planned,
      step: this.#step('additional'),
      batch: batchSize,
      order,
      wanted,
      collected: this.#collected,
      staged: 0,
      withOwners: wave === 1,
    });
    await this.#take(taken, order);
  }

  async #take(
    taken: { batches: readonly BatchRef[]; segments: readonly SegmentRef[]; report: ReportRef },
    order: readonly number[],
  ): Promise<void> {
    this.#collected.push(taken.report);
    this.#report(taken.report);
    this.#segments.push(...taken.segments);
    for (const [index, batch] of taken.batches.entries()) await this.#backUp(batch, [...order, index + 1]);
  }

  async #backUp(collected: BatchRef, order: readonly number[]): Promise<void> {
    let batch = collected;
    for (const { name: action, groupResources } of this.#prepared.actions) {
      if (groupResources && !batch.groupResources.some((one) => groupResources.includes(one))) continue;
      const input = { ...this.#planned, step: this.#step('action'), action, batch };
      const executed = await this.#runner.run('executeBackupItemAction', input);
      this.#report(executed.report);
      batch = executed.batch;
    }
    const unknownVolumes = batch.groupResources.includes('persistentvolumes') ? await this.#snapshot(batch) : [];
    const input = { ...this.#planned, step: this.#step('archive'), order, batch, failedVolumes: {}, unknownVolumes };
    const { segment, report } = await this.#runner.run('archiveItems', input);
    if (segment) this.#segments.push(segment);
    this.#report(report);
  }

  async #snapshot(batch: BatchRef): Promise<string[]> {
    const input = { ...this.#planned, step: this.#step('volumes'), batch };
    const { volumes, report } = await this.#runner.run('selectVolumes', input);
    this.#report(report);
    const unknown: string[] = [];
    for (const volume of volumes) {
      const { persistentVolume, zone } = volume;
      const ref = { ...this.#planned, batch, persistentVolume, location: 'disks' };
      const volumeId = await this.#runner.run('getVolumeId', ref);
      if (volumeId === '') {
        unknown.push(persistentVolume);
        continue;
      }
      const providerSnapshotID = await this.#runner.run('createSnapshot', { ...ref, volumeId, zone });
      const spec: VolumeSnapshot['spec'] = {
        backupName: 'nightly',
        backupUID: this.#prepared.run.uid,
        location: 'disks',
        persistentVolumeName: persistentVolume,
        providerVolumeID: volumeId,
        volumeType: 'memory',
      };
      this.#volumes.push({ volume, snapshot: { spec, status: { phase: 'Completed', providerSnapshotID } } });
    }
    return unknown;
  }

  async #seal(): Promise<void> {
    const { timestamps } = this.#prepared;
    const [reports, volumes, segments] = [this.#reports, this.#volumes, this.#segments];
    const contents = await this.#put({ type: 'contents', segments });
    const closing = [{ level: 'info' as const, time: '2026-01-02T03:05:05Z', message: 'Backup completed: Completed' }];
    for (const artifact of [
      { type: 'segments', segments, reports, contents },
      { type: 'logs', reports, closing },
      { type: 'results', reports, closing },
      { type: 'resourceList', reports: this.#collected },
      { type: 'volumeSnapshots', volumes },
      { type: 'podVolumeBackups' },
      { type: 'itemOperations' },
      { type: 'volumeInfo', volumes, reports },
      {
        type: 'metadata',
        status: {
          version: 1,
          formatVersion: '1.1.0',
          ...timestamps,
          phase: 'Completed',
          completionTimestamp: '2026-01-02T03:05:05Z',
        },
      },
    ] satisfies Artifact[])
      await this.#put(artifact);
  }

  #put(artifact: Artifact): Promise<{ bytes: number; sha256: string }> {
    return this.#runner.run('putObject', { ...this.#planned, artifact });
  }
}
