import { parseJson } from '../api/json.ts';
import type { BatchRef, Step } from '../api/run.ts';
import type { GroupResource, ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import type { Staging } from './staging.ts';

/** An item on its way into a backup. */
export interface BackupBatchItem {
  readonly groupResource: GroupResource;
  /** The version it was listed in; its place in the archive keeps it, whatever an action makes of `apiVersion`. */
  readonly version: string;
  readonly item: Unstructured;
  /** The labels that were read from the cluster; absent while `item` still has them. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a line says before the item. */
type Head = Omit<BackupBatchItem, 'item'> & ResourceIdentifier;

/** Where the item's JSON begins. Names and labels are texts, so that nothing before it can look like this. */
const itemBegins = ',"item":{';

/**
 * A line of a batch: a JSON object that ends with the item. The item is parsed by those alone who look into it; from the list to the
 * archive its text is made once.
 */
export class BackupEntry {
  /** As it stands in the batch. */
  readonly line: string;
  readonly groupResource: GroupResource;
  readonly version: string;
  /** `''` for cluster-scoped items. */
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly #itemAt: number;

  private constructor(line: string, { groupResource, version, namespace, name, labels }: Head) {
    this.line = line;
    this.groupResource = groupResource;
    this.version = version;
    this.namespace = namespace;
    this.name = name;
    if (labels !== undefined) this.labels = labels;
    this.#itemAt = line.indexOf(itemBegins) + itemBegins.length - 1;
  }

  /** The entry of an item, as it is now. */
  static of({ groupResource, version, item, labels }: BackupBatchItem): BackupEntry {
    const { namespace = '', name } = item.metadata;
    const head: Head = { groupResource, version, namespace, name, ...(labels && { labels }) };
    return new BackupEntry(`${JSON.stringify(head).slice(0, -1)},"item":${JSON.stringify(item)}}`, head);
  }

  /** The entry of a line. */
  static read(line: string): BackupEntry {
    return new BackupEntry(line, parseJson(`${line.slice(0, line.indexOf(itemBegins))}}`) as unknown as Head);
  }

  get identifier(): ResourceIdentifier {
    const { groupResource, namespace, name } = this;
    return { groupResource, namespace, name };
  }

  /** The item's JSON. */
  get text(): string {
    return this.line.slice(this.#itemAt, -1);
  }

  /** The item, a new copy each time. */
  parse(): Unstructured {
    return parseJson(this.text) as unknown as Unstructured;
  }
}

/** Reads the items of a batch, after checking its digest. */
export async function readBackupBatch(staging: Staging, batch: BatchRef): Promise<BackupEntry[]> {
  return (await staging.readTexts(batch)).map((line) => BackupEntry.read(line));
}

/** Writes the items of a batch of their own. */
export async function writeBackupBatch(
  staging: Staging,
  step: Step,
  entries: readonly BackupEntry[],
): Promise<BatchRef> {
  const ref = await staging.writeLines(
    `${step}-batch`,
    entries.map(({ line }) => line),
  );
  return { ...ref, items: entries.length, groupResources: [...new Set(entries.map((entry) => entry.groupResource))] };
}
