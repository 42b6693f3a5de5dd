/**
 * What programs call to back up, restore and look: typed handles over Temporal workflows, and the catalogue of what is in the
 * storage locations. A complete program:
 *
 * ```ts
 * import { connect, loadConfig } from 'bowline';
 *
 * const bowline = await connect(await loadConfig());
 * try {
 *   const backup = await bowline.backups.create({ name: 'shop-1', spec: { includedNamespaces: ['shop'] } });
 *   for await (const { phase, progress } of backup.watch()) {
 *     console.log(phase, progress.doneItems, 'of', progress.totalItems);
 *   }
 *   const { phase, items, errors } = await backup.result();
 *   console.log(phase, items, 'items', errors, 'errors');
 * } finally {
 *   await bowline.close();
 * }
 * ```
 *
 * Whatever fails rejects with a `BowlineError`, whose `code` says why. Workers run apart (`bowline worker`).
 *
 * @module
 */
export type { Backup, BackupRequest, BackupSpec, BackupStatus, LabelSelector, VolumeSnapshot } from '../api/backup.ts';
export type { Concurrency } from '../api/concurrency.ts';
export type { Config } from '../api/config.ts';
export { BowlineError, errorCode, isPermanent, type ErrorCode } from '../api/errors.ts';
export type { CheckOutcome, ConformanceResult, ConformanceStatus } from '../api/conformance.ts';
export type { PlanComplaint, PlannedChange } from '../api/planned-change.ts';
export type { Retention } from '../api/retention.ts';
export type { BackupStorageLocation, LocationStatus, VolumeSnapshotLocation } from '../api/locations.ts';
export type { Restore, RestoreRequest, RestoreSpec, RestoreStatus } from '../api/restore.ts';
export { formatVersion } from '../backup-format/format-version.ts';
export type { Result, Results } from '../backup-format/results.ts';
export type { BackupVolumeInfo, NativeSnapshotInfo, RestoreVolumeInfo } from '../backup-format/volume-info.ts';
export { loadConfig } from '../config.ts';
export type { RunResult, RunStatus, Steered } from '../workflows/messages.ts';
export type { BackupLocationEntry, BackupLocations, ConformanceRun } from './backup-locations.ts';
export type { BackupDescription, BackupEntry, Backups } from './backups.ts';
export type { DryRun } from './dry-run.ts';
export { connect, type BowlineClient } from './client.ts';
export type { DiffOptions, ItemSource, ObjectDifference, SourceItem } from './differences.ts';
export type { Description, Entry, ShownPhase } from './records.ts';
export type { RestoreDescription, RestoreEntry, Restores } from './restores.ts';
export type { OverlapPolicy, ScheduleDefinition, ScheduleEntry } from './schedule-definition.ts';
export type { Backfill, CreateScheduleOptions, Schedules } from './schedules.ts';
export type { SetupOutcome, StandingSchedule } from './setup.ts';
export { SpecError } from './spec-error.ts';
export { RunError } from './run-error.ts';
export type { TemporalExamination } from './temporal.ts';
export type { RunHandle, RunKind, WatchOptions } from './run-handle.ts';
