import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import type { ItemPlace } from '../../src/backup-format/item-path.ts';
import { SegmentWriter, type Segment } from '../../src/backup-format/segment-writer.ts';
import { endMember, readTarball, versionMember, type ReadOptions } from '../../src/backup-format/tarball.ts';

/** An entry of a tarball that no writer of ours would make. */
export type RawEntry = Partial<Header> & { readonly name: string; readonly body?: string };

/** An item to write. */
export type Item = ItemPlace & { readonly body: string };

/** The time of all entries. */
export const mtime: Date = new Date('2026-11-23T17:08:09Z');

/** A tar archive of any entries, with its end-of-archive, not compressed. */
export async function tarOf(entries: readonly RawEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { body = '', ...header } of entries) archive.entry({ mode: 0o755, mtime, ...header }, body);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A tarball of any entries, with its end-of-archive. */
export async function tarballOf(entries: readonly RawEntry[]): Promise<Buffer> {
  return gzipSync(await tarOf(entries));
}

/** Gives the first header of a tar archive another field, and the checksum that goes with it. */
export function withHeaderField(tar: Buffer, offset: number, bytes: Uint8Array): Buffer {
  const changed = Buffer.from(tar);
  changed.set(bytes, offset);
  changed.fill(' ', 148, 156);
  const sum = changed.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  changed.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return changed;
}

/** A segment of items, in their order. */
export async function segmentOf(items: readonly Item[]): Promise<Segment> {
  const writer = new SegmentWriter({ mtime });
  for (const item of items) await writer.add(item);
  return writer.finish();
}

/** A tarball as a backup seals it: version, segments, end. */
export async function sealed(segments: readonly Segment[]): Promise<Buffer> {
  return Buffer.concat([await versionMember(mtime), ...segments.map(({ body }) => body), await endMember()]);
}

/** An item that the reader has yielded, its body as text. */
export interface ReadItem {
  readonly groupResource: string;
  readonly namespace: string;
  readonly name: string;
  readonly body: string;
}

/** Every item of a tarball. */
export function itemsIn(tarball: Uint8Array, options?: ReadOptions): Promise<ReadItem[]> {
  return itemsFrom(Readable.from([tarball]), options);
}

/** Every item of a tarball that is streamed. */
export async function itemsFrom(source: Readable, options?: ReadOptions): Promise<ReadItem[]> {
  const items = [];
  for await (const item of readTarball(source, options)) items.push({ ...item, body: item.body.toString() });
  return items;
}
