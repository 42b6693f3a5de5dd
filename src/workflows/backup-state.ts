import type { Position } from '../activities/collect-items.ts';
import type { PreparedBackup } from '../activities/prepare-backup.ts';
import type { BackupRequest, VolumeOutcome } from '../api/backup.ts';
import type { ReportRef, SegmentRef } from '../api/run.ts';
import type { ArtifactsState } from './artifacts.ts';
import type { HookedPods } from './backup-hooks.ts';
import type { RunStatus } from './messages.ts';
import { newStatus } from './progress.ts';
import type { Paces } from './volume-gates.ts';

/** What a backup carries from one Temporal run to the next. References and counts only. */
export interface BackupState {
  prepared?: PreparedBackup;
  status: RunStatus;
  /** Where collection goes on; absent when every list has been read. */
  position?: Position;
  /** Number of the next step: steps are named by it, and segments ordered. */
  sequence: number;
  /** The wave of additional items being worked on; 0 is what the lists gave. */
  wave: number;
  /** Items in batches so far. */
  staged: number;
  segments: SegmentRef[];
  /** Reports of collections: they name what is in the backup. */
  collected: ReportRef[];
  /** Reports that ask for additional items which the next wave collects. */
  wanted: ReportRef[];
  reports: ReportRef[];
  /** Pods with hooks that have not been run yet. */
  hooked?: HookedPods;
  /** PersistentVolumes that were snapshotted with their pods, each with why that failed, or `''`. */
  frozen: Record<string, string>;
  volumes: VolumeOutcome[];
  /** How many of them have been waited for. */
  awaited: number;
  /** When the last snapshot was asked for, in milliseconds since 1970; absent if none was. */
  snapshotsAskedAt?: number;
  /** How many snapshots may still be asked for, and until when; absent if none was. */
  paces?: Paces;
  artifacts: ArtifactsState;
}

/** A backup that has just begun. */
export function newBackupState(request: BackupRequest): BackupState {
  return {
    status: newStatus('Backup', request),
    sequence: 0,
    wave: 0,
    staged: 0,
    segments: [],
    collected: [],
    wanted: [],
    reports: [],
    frozen: {},
    volumes: [],
    awaited: 0,
    artifacts: { begun: [], written: [] },
  };
}
