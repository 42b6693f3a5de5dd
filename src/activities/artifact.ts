import type { BackupStatus, VolumeOutcome } from '../api/backup.ts';
import type { RestoreStatus } from '../api/restore.ts';
import type { ReportRef, RunRef, SegmentRef } from '../api/run.ts';
import { encodeGzipJson, encodeMetadata } from '../backup-format/artifacts.ts';
import { backupLayout, restoreLayout } from '../backup-format/layout.ts';
import { logBody, resourceListBody, resultsBody } from './artifact-reports.ts';
import { contentsBody, segmentsBody } from './artifact-contents.ts';
import { backupVolumeInfo, restoreVolumeInfo, type RestoredVolume } from './artifact-volumes.ts';
import type { BackupPlan, RestorePlan } from './plan.ts';
import type { Body } from './put-object.ts';
import { reportLines } from './report.ts';
import type { Staging } from './staging.ts';

/** One file beside a backup or a restore, and what it is made of. */
export type Artifact =
  | { readonly type: 'contents'; readonly segments: readonly SegmentRef[] }
  | {
      readonly type: 'segments';
      readonly segments: readonly SegmentRef[];
      readonly reports: readonly ReportRef[];
      readonly contents: { readonly bytes: number; readonly sha256: string };
    }
  | { readonly type: 'logs'; readonly reports: readonly ReportRef[]; readonly closing: readonly ClosingLine[] }
  | { readonly type: 'results'; readonly reports: readonly ReportRef[]; readonly closing: readonly ClosingLine[] }
  | { readonly type: 'resourceList'; readonly reports: readonly ReportRef[] }
  | { readonly type: 'volumeSnapshots'; readonly volumes: readonly VolumeOutcome[] }
  | {
      readonly type: 'volumeInfo';
      readonly volumes: readonly VolumeOutcome[] | readonly RestoredVolume[];
      /** Of a backup: they tell of the volumes that got no snapshot. */
      readonly reports?: readonly ReportRef[];
    }
  | { readonly type: 'podVolumeBackups' }
  | { readonly type: 'itemOperations' }
  | { readonly type: 'metadata'; readonly status: BackupStatus | RestoreStatus };

/** What the workflow itself has to tell, at the end of the log. */
export interface ClosingLine {
  readonly level: 'info' | 'warning' | 'error';
  /** RFC 3339. */
  readonly time: string;
  readonly message: string;
}

/** Where an artifact lies. `metadata` is the file whose presence says that the run is done: it is put last. */
export function artifactKey(run: RunRef, { type }: Pick<Artifact, 'type'>): string {
  if (run.kind === 'restore') {
    const layout = restoreLayout(run.name);
    return type === 'metadata'
      ? layout.record
      : layout[type as 'logs' | 'results' | 'resourceList' | 'itemOperations' | 'volumeInfo'];
  }
  return backupLayout(run.name)[type];
}

/** The bytes of an artifact: the same each time they are asked for. */
export function artifactBody(
  artifact: Artifact,
  { run, staging, plan }: { readonly run: RunRef; readonly staging: Staging; readonly plan: BackupPlan | RestorePlan },
): Body {
  switch (artifact.type) {
    case 'contents':
      return contentsBody(artifact.segments, { staging, plan: plan as BackupPlan });
    case 'segments':
      return segmentsBody(artifact, { staging, plan: plan as BackupPlan });
    case 'logs':
      return logBody(artifact, { staging, run, namespace: owner(plan).metadata.namespace });
    case 'results':
      return once(async () => encodeGzipJson(await resultsBody(artifact, { staging, kind: run.kind })));
    case 'resourceList':
      return once(async () => encodeGzipJson(await resourceListBody(artifact.reports, staging)));
    case 'volumeSnapshots':
      return once(() => encodeGzipJson(artifact.volumes.flatMap(({ snapshot }) => snapshot ?? [])));
    case 'volumeInfo':
      return once(async () =>
        encodeGzipJson(
          run.kind === 'restore'
            ? restoreVolumeInfo(artifact.volumes as readonly RestoredVolume[])
            : await backupVolumeInfo(
                artifact.volumes as readonly VolumeOutcome[],
                reportLines(staging, artifact.reports ?? [], 'skippedVolume'),
              ),
        ),
      );
    case 'podVolumeBackups':
      return once(() => encodeGzipJson(null));
    case 'itemOperations':
      return once(() => encodeGzipJson([]));
    case 'metadata':
      return once(async () =>
        encodeMetadata({ ...owner(plan), status: artifact.status } as Parameters<typeof encodeMetadata>[0]),
      );
  }
}

function owner(plan: BackupPlan | RestorePlan) {
  return 'restore' in plan ? plan.restore : plan.backup;
}

function once(make: () => Promise<Uint8Array>): Body {
  return async function* () {
    yield await make();
  };
}
