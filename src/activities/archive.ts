import type { Backup } from '../api/backup.ts';
import type { SegmentRef, Step } from '../api/run.ts';
import type { ResourceIdentifier } from '../api/unstructured.ts';
import { SegmentWriter } from '../backup-format/segment-writer.ts';
import type { Report } from './report.ts';
import type { Staging } from './staging.ts';

/** An item as the archive takes it. */
export interface ArchivedItem extends ResourceIdentifier {
  /** The version it was listed in. */
  readonly version: string;
  /** JSON. */
  readonly text: string;
}

/** Where items become a segment of the tarball. */
export class Archive {
  readonly #writer: SegmentWriter;
  readonly #report: Report;
  #items = 0;

  constructor(backup: Backup, report: Report) {
    // One time for all entries, so that the same items give the same bytes whichever attempt writes them.
    this.#writer = new SegmentWriter({ mtime: new Date(backup.status?.startTimestamp ?? 0) });
    this.#report = report;
  }

  async add({ groupResource, version, namespace, name, text }: ArchivedItem): Promise<void> {
    await this.#writer.add({ groupResource, version, preferred: true, namespace, name, body: text });
    this.#items++;
  }

  /** Writes the segment, unless it is empty, and tells its members to the report. */
  async write(staging: Staging, step: Step, order: readonly number[]): Promise<SegmentRef | undefined> {
    if (this.#items === 0) return undefined;
    const segment = await this.#writer.finish();
    this.#report.add({ type: 'members', members: segment.members, order });
    const ref = await staging.write(`${step}-segment`, segment.body);
    return { ...ref, items: this.#items, order };
  }
}
