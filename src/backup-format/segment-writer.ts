import { createHash } from 'node:crypto';
import type { GroupResource } from '../api/unstructured.ts';
import { itemPaths, type ItemPlace } from './item-path.ts';
import { TarMember } from './tar-member.ts';

/** A gzip member of a segment or a tarball, and what is in it. */
export interface Member {
  /** Bytes from the start. */
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
  readonly groupResources: readonly GroupResource[];
  /** `''` for cluster-scoped items. */
  readonly namespaces: readonly string[];
  readonly items: number;
}

/** A part of the tarball: gzip members of whole tar entries, no end-of-archive. */
export interface Segment {
  readonly body: Uint8Array;
  readonly items: number;
  readonly members: readonly Member[];
}

/** How a segment's bytes come out: the same options and items give the same bytes. */
export interface SegmentOptions {
  /** The time of every entry; whole seconds. */
  readonly mtime: Date;
  /** Compression, 1 to 9. Default 6, as Go's. */
  readonly level?: number;
}

/** A member is closed where the namespace changes and it holds at least this much. */
const smallestMember = 64 * 1024;

/** A member is closed in any case when it holds this much. */
const largestMember = 1024 * 1024;

/** Members of a segment that are compressed at the same time. */
const membersInFlight = 4;

interface OpenMember {
  readonly member: TarMember;
  readonly groupResources: Set<GroupResource>;
  readonly namespaces: Set<string>;
  items: number;
  last: string;
}

/** Cuts items into members and compresses these on the thread pool as they fill. The same items give the same bytes. */
export class SegmentWriter {
  readonly #options: SegmentOptions;
  readonly #members: {
    readonly compressed: Promise<Buffer>;
    readonly about: Omit<Member, 'offset' | 'length' | 'sha256'>;
  }[] = [];
  #open: OpenMember | undefined;
  #items = 0;

  constructor(options: SegmentOptions) {
    this.#options = options;
  }

  /** Adds an item under each of its paths. */
  async add({ body, ...place }: ItemPlace & { readonly body: string }): Promise<void> {
    const { groupResource, namespace } = place;
    const bytes = this.#open?.member.bytes ?? 0;
    const moved = this.#open !== undefined && this.#open.last !== `${groupResource}/${namespace}`;
    if (bytes >= largestMember || (moved && bytes >= smallestMember)) await this.#close();
    this.#open ??= {
      member: new TarMember(this.#options.mtime),
      groupResources: new Set(),
      namespaces: new Set(),
      items: 0,
      last: '',
    };
    this.#open.member.add(itemPaths(place), body);
    this.#open.groupResources.add(groupResource);
    this.#open.namespaces.add(namespace);
    this.#open.last = `${groupResource}/${namespace}`;
    this.#open.items++;
    this.#items++;
  }

  async finish(): Promise<Segment> {
    await this.#close();
    const members: Member[] = [];
    const parts: Buffer[] = [];
    let offset = 0;
    for (const { compressed, about } of this.#members) {
      const part = await compressed;
      members.push({ offset, length: part.length, sha256: digestOf(part), ...about });
      parts.push(part);
      offset += part.length;
    }
    return { body: Buffer.concat(parts), items: this.#items, members };
  }

  /** Begins to compress the open member, and waits while many are being compressed. */
  async #close(): Promise<void> {
    if (this.#open === undefined) return;
    const { member, groupResources, namespaces, items } = this.#open;
    const compressed = member.compress(this.#options.level ?? 6);
    // Awaited by `finish`, perhaps after another one has failed.
    compressed.catch(() => undefined);
    this.#members.push({
      compressed,
      about: { groupResources: [...groupResources], namespaces: [...namespaces], items },
    });
    this.#open = undefined;
    await this.#members.at(-membersInFlight)?.compressed;
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
