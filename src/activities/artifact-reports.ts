import { createGzip } from 'node:zlib';
import { pipeline, Readable } from 'node:stream';
import type { ReportRef, RunRef } from '../api/run.ts';
import { logLine } from '../backup-format/log.ts';
import type { Result, Results } from '../backup-format/results.ts';
import type { ClosingLine } from './artifact.ts';
import type { Body } from './put-object.ts';
import { readReports, reportLines, type ItemsLine, type LogLine, type ReportLine } from './report.ts';
import type { Staging } from './staging.ts';

interface Reported {
  readonly reports: readonly ReportRef[];
  readonly closing: readonly ClosingLine[];
}

/** The log: each report's lines in turn, a line for every item among them, and what the workflow tells at the end. */
export function logBody(
  { reports, closing }: Reported,
  source: { staging: Staging; run: RunRef; namespace: string },
): Body {
  const { staging, run, namespace } = source;
  const owner = { [run.kind]: `${namespace}/${run.name}` };
  // A report at a time: each piece is a turn of the compression's thread, and there is a line for every item.
  async function* lines(): AsyncIterable<string> {
    for await (const report of readReports(staging, reports, ['log', 'items']))
      yield report.map((line) => textOf(line, owner)).join('');
    yield closing.map((line) => logLine({ ...line, fields: owner })).join('');
  }
  // Lines that are all alike need no better compression, and every other artifact waits for the log. Unlike `pipe`, it hands a failure
  // of the lines on to whoever reads the archive.
  return () => pipeline(Readable.from(lines()), createGzip({ level: 1 }), () => undefined);
}

/** What became of an item, by what a restore did with it; a failure has a line of its own. */
const outcomes = { created: 'Created item', updated: 'Updated item', skipped: 'Skipped item' } as const;

function itemLines(line: ItemsLine, owner: Readonly<Record<string, string>>): string {
  const { time, groupResource: resource, namespace, names, action, unpacked } = line;
  if (unpacked || action === 'failed') return '';
  const message = action === undefined ? 'Backing up item' : outcomes[action];
  const lineOf = (name: string): string =>
    logLine({ time, level: 'info', message, fields: { ...owner, resource, namespace, name } });
  return names.map(lineOf).join('');
}

/** What a report's line comes to in the log. */
function textOf(line: ReportLine, owner: Readonly<Record<string, string>>): string {
  if (line.type === 'log') return logLine({ ...line, fields: { ...owner, ...fieldsOf(line) } });
  return line.type === 'items' ? itemLines(line, owner) : '';
}

function fieldsOf({ item, error }: LogLine): Record<string, string> {
  return {
    ...(item && { resource: item.groupResource, namespace: item.namespace, name: item.name }),
    ...(error !== undefined && { error }),
  };
}

/**
 * Warnings and errors, filed as Velero does: by namespace, under `cluster`, or under `velero` where no item is concerned.
 * Source: Velero v1.18.1 `pkg/util/results`, `pkg/util/logging/log_counter_hook.go`.
 */
export async function resultsBody(
  { reports, closing }: Reported,
  { staging, kind }: { staging: Staging; kind: RunRef['kind'] },
): Promise<Results> {
  const filed = { error: new Filed(kind), warning: new Filed(kind) };
  const telling = reports.filter(({ warnings, errors }) => warnings + errors > 0);
  for await (const line of reportLines(staging, telling, 'log')) if (line.level !== 'info') filed[line.level].add(line);
  for (const line of closing) if (line.level !== 'info') filed[line.level].add(line);
  return { errors: filed.error.result, warnings: filed.warning.result };
}

class Filed {
  readonly #isBackup: boolean;
  readonly #velero: string[] = [];
  readonly #cluster: string[] = [];
  readonly #namespaces = new Map<string, string[]>();

  constructor(kind: RunRef['kind']) {
    this.#isBackup = kind === 'backup';
  }

  add(line: Pick<LogLine, 'item' | 'message' | 'error'>): void {
    this.#placeOf(line.item).push(this.#textOf(line));
  }

  get result(): Result {
    const namespaces = [...this.#namespaces].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      ...(this.#velero.length > 0 && { velero: this.#velero }),
      ...(this.#cluster.length > 0 && { cluster: this.#cluster }),
      ...(namespaces.length > 0 && { namespaces: Object.fromEntries(namespaces) }),
    };
  }

  #placeOf(item: LogLine['item']): string[] {
    if (item === undefined) return this.#velero;
    if (item.namespace === '') return this.#cluster;
    let place = this.#namespaces.get(item.namespace);
    if (place === undefined) this.#namespaces.set(item.namespace, (place = []));
    return place;
  }

  #textOf({ item, message, error }: Pick<LogLine, 'item' | 'message' | 'error'>): string {
    if (item === undefined && !this.#isBackup) return [message, error].filter(Boolean).join(': ');
    const parts = [
      item?.groupResource && ` resource: /${item.groupResource}`,
      item?.name && ` name: /${item.name}`,
      ` message: /${message}`,
      error && ` error: /${error}`,
    ];
    return parts.filter(Boolean).join('');
  }
}

/** Names by type, sorted; with what a restore did to each. */
export async function resourceListBody(
  reports: readonly ReportRef[],
  staging: Staging,
): Promise<Record<string, string[]>> {
  const list: Record<string, string[]> = {};
  for await (const { groupVersionKind, namespace, names, action, unpacked } of reportLines(staging, reports, 'items')) {
    if (unpacked) continue;
    const known = (list[groupVersionKind] ??= []);
    const prefix = namespace === '' ? '' : `${namespace}/`;
    for (const name of names) known.push(`${prefix}${name}${action === undefined ? '' : `(${action})`}`);
  }
  return Object.fromEntries(
    Object.entries(list)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, names]) => [kind, names.sort()]),
  );
}
