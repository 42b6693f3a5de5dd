import type { SegmentRef } from '../api/run.ts';
import { endMember, versionMember } from '../backup-format/tarball.ts';
import type { ReportRef } from '../api/run.ts';
import type { Member } from '../backup-format/segment-writer.ts';
import { encodeSegmentsIndex } from '../backup-format/segments-index.ts';
import type { BackupPlan } from './plan.ts';
import type { Body } from './put-object.ts';
import { reportLines } from './report.ts';
import type { Staging } from './staging.ts';

interface Source {
  readonly staging: Staging;
  readonly plan: BackupPlan;
}

/** The tarball: the version's member, the segments in their order, and a member that is the end-of-archive alone. */
export function contentsBody(segments: readonly SegmentRef[], { staging, plan }: Source): Body {
  return async function* () {
    yield await versionMember(startOf(plan));
    // In small pieces: whole segments beside the parts that a store makes of them would be many megabytes at a time.
    for (const segment of inOrder(segments)) yield* staging.stream(segment);
    yield await endMember();
  };
}

/** The index of the tarball's members, by which a reader may fetch one namespace alone. */
export function segmentsBody(
  artifact: {
    segments: readonly SegmentRef[];
    reports: readonly ReportRef[];
    contents: { bytes: number; sha256: string };
  },
  { staging, plan }: Source,
): Body {
  return async function* () {
    const membersOf = new Map<string, readonly Member[]>();
    for await (const line of reportLines(staging, artifact.reports, 'members'))
      membersOf.set(String(line.order), line.members);
    let offset = (await versionMember(startOf(plan))).length;
    const members: Member[] = [];
    for (const segment of inOrder(artifact.segments)) {
      for (const member of membersOf.get(String(segment.order)) ?? [])
        members.push({ ...member, offset: offset + member.offset });
      offset += segment.bytes;
    }
    const { bytes, sha256 } = artifact.contents;
    yield encodeSegmentsIndex({ version: 1, bytes, sha256, members });
  };
}

function startOf({ backup }: BackupPlan): Date {
  return new Date(backup.status?.startTimestamp ?? 0);
}

/** By order, whichever was made first: the same items give the same tarball. */
function inOrder(segments: readonly SegmentRef[]): SegmentRef[] {
  return [...segments].sort((a, b) => compare(a.order, b.order));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? -1) - (b[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
