import { BowlineError } from '../api/errors.ts';
import type { GroupResource } from '../api/unstructured.ts';
import type { Member } from './segment-writer.ts';

/** What `<backup>-segments.json` says of a tarball: by it a reader fetches the members that it needs. */
export interface SegmentsIndex {
  readonly version: 1;
  /** Of the whole tarball. */
  readonly bytes: number;
  readonly sha256: string;
  /** In the order of the tarball. Neither its first member, the version, nor its last, the end-of-archive, is among them. */
  readonly members: readonly Member[];
}

/** The index as a file: one line of JSON. */
export function encodeSegmentsIndex(index: SegmentsIndex): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(index)}\n`);
}

/** No writer of ours makes a member that is longer: it ends with the item at which it holds 1 MiB. */
const longestMember = 64 * 1024 * 1024;

/**
 * Reads an index. `undefined` for one of another version, or one by which no member can be checked: such a tarball is read as a whole.
 *
 * @throws BowlineError `CorruptBackup` for what is no index, or one that contradicts itself
 */
export function decodeSegmentsIndex(file: Uint8Array): SegmentsIndex | undefined {
  let parsed: Partial<SegmentsIndex> | null;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file)) as Partial<SegmentsIndex> | null;
  } catch (error) {
    throw new BowlineError('CorruptBackup', `read index of segments: ${(error as Error).message}`, { cause: error });
  }
  const { version, bytes, members } = parsed ?? {};
  if (
    version !== 1 ||
    !Array.isArray(members) ||
    members.some((member: Partial<Member> | null) => member?.sha256 === undefined)
  )
    return undefined;
  let end = 0;
  for (const [position, member] of (members as Member[]).entries()) {
    if (!isMember(member) || member.offset < end || member.offset + member.length > Number(bytes))
      throw new BowlineError('CorruptBackup', `read index of segments: member ${position} is none of the tarball's`);
    end = member.offset + member.length;
  }
  return parsed as SegmentsIndex;
}

function isMember({ offset, length, sha256, items, groupResources, namespaces }: Member): boolean {
  return (
    isCount(offset) &&
    isCount(length) &&
    length <= longestMember &&
    isCount(items) &&
    isDigest(sha256) &&
    isTexts(groupResources) &&
    isTexts(namespaces)
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** Members that lie one behind the other. */
export interface MemberRange {
  /** Bytes of the tarball, both inclusive. */
  readonly start: number;
  readonly end: number;
  readonly members: readonly Member[];
}

/** No range is longer, unless it is one member: a reader holds a range in memory. */
const longestRange = 8 * 1024 * 1024;

/** The ranges that hold every item of the types and namespaces that are wanted; `''` is the namespace of cluster-scoped items. */
export function rangesOf(
  { members }: SegmentsIndex,
  isWanted: (groupResource: GroupResource, namespace: string) => boolean,
): MemberRange[] {
  const ranges: { start: number; end: number; members: Member[] }[] = [];
  for (const member of members) {
    const { offset, length, groupResources, namespaces } = member;
    if (!groupResources.some((type) => namespaces.some((namespace) => isWanted(type, namespace)))) continue;
    const last = ranges.at(-1);
    const end = offset + length - 1;
    if (last !== undefined && last.end + 1 === offset && end - last.start < longestRange) {
      last.end = end;
      last.members.push(member);
    } else ranges.push({ start: offset, end, members: [member] });
  }
  return ranges;
}
