import type { PlannedChange } from '../api/planned-change.ts';
import { withoutContentsOf } from '../api/secret-contents.ts';
import type { BackupVolume } from '../api/backup.ts';
import type { GroupResource, ResourceIdentifier, Unstructured } from '../api/unstructured.ts';
import type { ReportRef, StagedRef, Step } from '../api/run.ts';
import type { Member } from '../backup-format/segment-writer.ts';
import type { ItemLog } from '../plugins/item-action.ts';
import type { Staging } from './staging.ts';

/** One line of a report. */
export type ReportLine =
  | LogLine
  | ItemsLine
  | AdditionalItemsLine
  | MembersLine
  | VolumeLine
  | SkippedVolumeLine
  | ChangeLine
  | WaitLine;

/** A line for the log file; warnings and errors are results too, filed under the namespace. */
export interface LogLine {
  readonly type: 'log';
  readonly level: 'info' | 'warning' | 'error';
  /** RFC 3339. */
  readonly time: string;
  readonly message: string;
  readonly item?: ResourceIdentifier;
  /** What came back, in the server's own words. */
  readonly error?: string;
}

/** Items that were archived or restored, by type, namespace and outcome. */
export interface ItemsLine {
  readonly type: 'items';
  readonly groupResource: GroupResource;
  /** `apps/v1/Deployment`. */
  readonly groupVersionKind: string;
  readonly namespace: string;
  readonly names: readonly string[];
  /** When the first of them came by, RFC 3339: for the log, which has a line for each. */
  readonly time: string;
  /** What a restore did with them; absent in a backup. */
  readonly action?: 'created' | 'updated' | 'failed' | 'skipped';
  /** They were read from the tarball by a restore, and have no outcome yet. */
  readonly unpacked?: true;
}

/** Items that an action asked for. */
export interface AdditionalItemsLine {
  readonly type: 'additional';
  readonly items: readonly ResourceIdentifier[];
  /** The action wants them whatever the filters of a backup say. */
  readonly mustInclude?: true;
}

/** The gzip members of the segment that stands at `order`, with offsets from its start. */
export interface MembersLine {
  readonly type: 'members';
  readonly order: readonly number[];
  readonly members: readonly Member[];
}

/** What a restore did with a PersistentVolume, for the claims that name it. */
export interface VolumeLine {
  readonly type: 'volume';
  readonly persistentVolume: string;
  /** Left out, so that its claim is provisioned anew. */
  readonly reprovision?: boolean;
  /** The name that it was restored under. */
  readonly renamedTo?: string;
}

/** What a dry run found for an item. */
export interface ChangeLine {
  readonly type: 'plan';
  readonly change: PlannedChange;
}

/** An item that waits until an action says that what it asked for is ready. */
export interface WaitLine {
  readonly type: 'wait';
  readonly action: string;
  readonly item: ResourceIdentifier;
  readonly items: readonly ResourceIdentifier[];
  /** Go duration. */
  readonly timeout?: string;
}

/** A PersistentVolume of a backup that gets no snapshot. */
export interface SkippedVolumeLine {
  readonly type: 'skippedVolume';
  readonly volume: BackupVolume;
  readonly reason: string;
}

/** Where a report is that has nothing to tell. */
const nowhere: StagedRef = { key: '', sha256: '', bytes: 0 };

/** Collects what one attempt of an activity has to tell, and writes it to staging at its end. */
export class Report {
  readonly #lines: ReportLine[] = [];
  readonly #items = new Map<string, ItemsLine & { names: string[] }>();
  readonly #now: () => Date;
  #warnings = 0;
  #errors = 0;
  #additionalItems = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  info(message: string, item?: ResourceIdentifier): void {
    this.#log('info', message, { item });
  }

  warning(message: string, item?: ResourceIdentifier, error?: string): void {
    this.#warnings++;
    this.#log('warning', message, { item, error });
  }

  error(message: string, item?: ResourceIdentifier, error?: string): void {
    this.#errors++;
    this.#log('error', message, { item, error });
  }

  /** The log that an action is handed with an item: what it tells is rid of what a Secret holds. */
  logOf(identifier: ResourceIdentifier, item: Unstructured): ItemLog {
    const clean = withoutContentsOf(item);
    return {
      info: (message) => this.info(clean(message), identifier),
      warning: (message) => this.warning(clean(message), identifier),
    };
  }

  /** Tells of an item that was collected for a backup, or settled in the cluster by a restore. */
  item(groupResource: GroupResource, item: Unstructured, action?: ItemsLine['action']): void {
    const groupVersionKind = `${item.apiVersion}/${item.kind}`;
    const namespace = item.metadata.namespace ?? '';
    this.#add({ type: 'items', groupResource, groupVersionKind, namespace, ...(action && { action }) }, item);
  }

  /** Tells of an item that a restore read from the tarball, by its namespace at the backup. */
  unpacked(groupResource: GroupResource, item: Unstructured): void {
    this.#add(
      { type: 'items', groupResource, groupVersionKind: '', namespace: item.metadata.namespace ?? '', unpacked: true },
      item,
    );
  }

  additional(items: readonly ResourceIdentifier[], mustInclude = false): void {
    if (items.length === 0) return;
    this.#additionalItems += items.length;
    this.#lines.push({ type: 'additional', items, ...(mustInclude && { mustInclude }) });
  }

  add(line: MembersLine | VolumeLine | SkippedVolumeLine | WaitLine): void {
    this.#lines.push(line);
  }

  /** Tells what a dry run found for an item: a refusal counts as an error, a conflict as a warning. */
  change(change: PlannedChange): void {
    if (change.action === 'refused') this.#errors++;
    if (change.action === 'conflict') this.#warnings++;
    this.#lines.push({ type: 'plan', change });
  }

  /** Writes the report beside the step's batch, if there is anything to tell. */
  async write(staging: Staging, step: Step): Promise<ReportRef> {
    const lines: ReportLine[] = [...this.#lines, ...this.#items.values()];
    const ref =
      lines.length === 0
        ? nowhere
        : await staging.writeLines(
            `${step}-report`,
            lines.map((line) => JSON.stringify(line)),
          );
    return {
      ...ref,
      types: [...new Set(lines.map(({ type }) => type))],
      warnings: this.#warnings,
      errors: this.#errors,
      additionalItems: this.#additionalItems,
    };
  }

  #add(line: Omit<ItemsLine, 'names' | 'time'>, item: Unstructured): void {
    const key = `${line.groupVersionKind} ${line.groupResource} ${line.namespace} ${line.action ?? ''}`;
    let known = this.#items.get(key);
    if (known === undefined) this.#items.set(key, (known = { ...line, names: [], time: this.#now().toISOString() }));
    known.names.push(item.metadata.name);
  }

  #log(
    level: LogLine['level'],
    message: string,
    { item, error }: { item?: ResourceIdentifier | undefined; error?: string | undefined },
  ): void {
    this.#lines.push({
      type: 'log',
      level,
      time: this.#now().toISOString(),
      message,
      ...(item && { item }),
      ...(error !== undefined && { error }),
    });
  }
}

/** The lines of one type in several reports, few reports in memory at a time. */
export async function* reportLines<T extends ReportLine['type']>(
  staging: Staging,
  reports: readonly ReportRef[],
  type: T,
): AsyncIterable<Extract<ReportLine, { type: T }>> {
  for await (const lines of readReports(staging, reports, [type]))
    for (const line of lines) if (line.type === type) yield line as Extract<ReportLine, { type: T }>;
}

/** All lines of the reports that hold lines of some types, report by report. */
export function readReports(
  staging: Staging,
  reports: readonly ReportRef[],
  wanted: readonly ReportLine['type'][],
): AsyncIterable<ReportLine[]> {
  const holding = reports.filter(({ types }) => wanted.some((type) => types.includes(type)));
  return staging.readEach(holding) as AsyncIterable<ReportLine[]>;
}
