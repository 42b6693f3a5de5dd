import { createGzip } from 'node:zlib';
import { pipeline, Readable } from 'node:stream';
import type { ReportRef, RunRef } from '../api/run.ts';
import { logLine } from '../backup-format/log.ts';
import type { Results } from '../backup-format/results.ts';
import type { ClosingLine } from './artifact.ts';
import type { Body } from './put-object.ts';
import { reportLines, type LogLine } from './report.ts';
import type { Staging } from './staging.ts';

interface Reported {
  readonly reports: readonly ReportRef[];
  readonly closing: readonly ClosingLine[];
}

/** The log: each report's lines in turn, items among them, and what the workflow tells at the end. */
export function logBody(
  { reports, closing }: Reported,
  source: { staging: Staging; run: RunRef; namespace: string },
): Body {
  const { staging, run, namespace } = source;
  const owner = { [run.kind]: `${namespace}/${run.name}` };
  async function* lines(): AsyncIterable<string> {
    for (const report of reports) {
      for await (const line of reportLines(staging, [report], 'log'))
        yield logLine({ ...line, fields: { ...owner, ...fieldsOf(line) } });
    }
    for (const line of closing) yield logLine({ ...line, fields: owner });
  }
  // Unlike `pipe`, it hands a failure of the lines on to whoever reads the archive.
  return () => pipeline(Readable.from(lines()), createGzip(), () => undefined);
}

function fieldsOf({ item, error }: LogLine): Record<string, string> {
  return {
    ...(item && { resource: item.groupResource, namespace: item.namespace, name: item.name }),
    ...(error !== undefined && { error }),
  };
}

/** Warnings and errors, filed as Velero does: by namespace, under `cluster`, or under `velero` where no item is concerned. */
export async function resultsBody({ reports, closing }: Reported, staging: Staging): Promise<Results> {
  const results = { errors: new Filed(), warnings: new Filed() };
  for await (const line of reportLines(staging, reports, 'log')) {
    if (line.level !== 'info') results[line.level === 'error' ? 'errors' : 'warnings'].add(line);
  }
  for (const line of closing) {
    if (line.level !== 'info') results[line.level === 'error' ? 'errors' : 'warnings'].add({ message: line.message });
  }
  return { errors: results.errors.result, warnings: results.warnings.result };
}

class Filed {
  readonly result: { velero?: string[]; cluster?: string[]; namespaces?: Record<string, string[]> } = {};

  add({ item, message, error }: Pick<LogLine, 'item' | 'message' | 'error'>): void {
    const parts = [
      item && ` resource: /${item.groupResource}`,
      item && ` name: /${item.name}`,
      ` message: /${message}`,
      error !== undefined && ` error: /${error}`,
    ];
    const text = item ? parts.filter(Boolean).join('') : [message, error].filter(Boolean).join(': ');
    if (item === undefined) (this.result.velero ??= []).push(text);
    else if (item.namespace === '') (this.result.cluster ??= []).push(text);
    else ((this.result.namespaces ??= {})[item.namespace] ??= []).push(text);
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
