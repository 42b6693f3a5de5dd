import Table from 'cli-table3';
import { stringify } from 'yaml';
import type { Entry, Restore, Backup } from '../client/index.ts';
import { inListOrder } from './format.ts';
import { plain } from './terminal.ts';

/** How `get` shows what it has found. */
export type GetFormat = 'table' | 'json' | 'yaml' | 'name';

/** A value as indented JSON, or as YAML. */
export function structured(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : stringify(toData(value), { lineWidth: 0 });
}

/** A table as kubectl prints it: no lines, two spaces between columns. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const edges = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const lines = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  const made = new Table({
    head: [...head],
    chars: { ...Object.fromEntries([...edges, ...lines].map((part) => [part, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) made.push([...row]);
  return `${made.toString().replace(/ +$/gm, '')}\n`;
}

/** What `get` prints. Asked for a single one it gives that object, else a list. */
export function listing<Found extends { readonly name: string }>(
  entries: readonly Found[],
  view: {
    /** Of each object. */
    readonly kind: string;
    readonly format: GetFormat;
    readonly isSingle: boolean;
    readonly head: readonly string[];
    readonly row: (entry: Found) => readonly string[];
    /** The object of an entry, for the structured formats. */
    readonly object: (entry: Found) => object;
  },
): string {
  const { kind, format, isSingle, head, row, object } = view;
  const sorted = inListOrder(entries);
  switch (format) {
    case 'name':
      return sorted.map(({ name }) => `${plain(name)}\n`).join('');
    case 'table':
      return table(head, sorted.map(row));
    case 'json':
    case 'yaml': {
      const items = sorted.map(object);
      const all = { apiVersion: 'velero.io/v1', kind: `${kind}List`, items };
      return structured(isSingle ? items[0] : all, format);
    }
  }
}

/** The object, with the phase that is shown: `Deleting` and `Cancelled` are not in its record. */
export function shownRecord<T extends Backup | Restore>({ record, phase }: Entry<T>): object {
  return { ...record, status: { ...record.status, phase } };
}

/** Text from a store, or `<none>`. */
export function orNone(text: string): string {
  return text === '' ? '<none>' : plain(text);
}

/** Plain data: numbers kept as their text, which YAML does not know, become numbers. */
function toData(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
