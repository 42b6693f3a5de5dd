import { parseJson } from '../api/json.ts';
import type { BatchRef, Step } from '../api/run.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import type { BatchLine } from './batch.ts';
import type { Staging } from './staging.ts';

/** An item on its way into the cluster. */
export interface RestoreBatchItem {
  readonly groupResource: GroupResource;
  /** As it was in the backup. */
  readonly itemFromBackup: Unstructured;
  /** As actions have changed it; absent until one has. */
  readonly item?: Unstructured;
}

/** How the item stands in a batch. */
export function restoreLine(item: RestoreBatchItem): BatchLine {
  return { groupResource: item.groupResource, line: JSON.stringify(item) };
}

/** A line of a batch that an action has written: the item as it is in the backup stays in the batch that the tarball gave. */
interface ChangedLine {
  readonly groupResource: GroupResource;
  /** Which line of the origin. */
  readonly line: number;
  readonly item?: Unstructured;
}

/** An item of a batch. As it was in the backup it is parsed when it is asked for, which most actions never do. */
export class RestoreEntry implements RestoreBatchItem {
  readonly groupResource: GroupResource;
  readonly item?: Unstructured;
  /** As the entry stands in its batch. */
  readonly text: string;
  /** Its line in the batch that the tarball gave. */
  readonly line: number;
  readonly #originalText: string;
  #itemFromBackup: Unstructured | undefined;

  constructor(text: string, line: number, origin: readonly string[] | undefined) {
    this.text = text;
    const parsed = parseJson(text) as unknown as ChangedLine & RestoreBatchItem;
    this.groupResource = parsed.groupResource;
    if (parsed.item) this.item = parsed.item;
    this.line = origin === undefined ? line : parsed.line;
    this.#originalText = origin?.[this.line] ?? text;
    if (origin === undefined) this.#itemFromBackup = parsed.itemFromBackup;
  }

  get itemFromBackup(): Unstructured {
    this.#itemFromBackup ??= (parseJson(this.#originalText) as unknown as RestoreBatchItem).itemFromBackup;
    return this.#itemFromBackup;
  }
}

/** Reads the items of a restore's batch, after checking its digest. */
export async function readRestoreBatch(staging: Staging, batch: BatchRef): Promise<RestoreEntry[]> {
  const [lines, origin] = await Promise.all([
    staging.readTexts(batch),
    batch.origin === undefined ? undefined : staging.readTexts(batch.origin),
  ]);
  return lines.map((text, line) => new RestoreEntry(text, line, origin));
}

/** An entry as an action left it: `item` is absent if the action did not look at it. */
export interface LeftEntry {
  readonly entry: RestoreEntry;
  readonly item?: Unstructured;
}

/** Writes a batch anew, as an action left it; if it left all as it was, the batch stays the one that it is. */
export async function writeRestoreBatch(
  staging: Staging,
  step: Step,
  { batch, left }: { readonly batch: BatchRef; readonly left: readonly LeftEntry[] },
): Promise<BatchRef> {
  const { key, sha256, bytes } = batch;
  const origin = batch.origin ?? { key, sha256, bytes };
  const lines = left.map(({ entry, item = entry.item }) => {
    const { groupResource, line } = entry;
    return JSON.stringify({ groupResource, line, ...(item && { item }) } satisfies ChangedLine);
  });
  const isUnchanged = lines.length === batch.items && left.every(({ entry }, index) => entry.text === lines[index]);
  if (isUnchanged) return batch;
  const groupResources = [...new Set(left.map(({ entry }) => entry.groupResource))];
  return { ...(await staging.writeLines(`${step}-batch`, lines)), items: lines.length, groupResources, origin };
}
