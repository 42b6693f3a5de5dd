import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ItemActionKind } from '../../src/cli/item-actions.ts';

/** What the docstring of an item action says. Texts are in one line. */
export interface ActionDocstring {
  /** The first paragraph. */
  readonly summary: string;
  /** Of `Changes: …`: the paths that the action may change. `*` is the whole item. */
  readonly changes: readonly string[];
  readonly configuration: string | undefined;
  /** Of `Repeated: …`: what another run on its own outcome does. Absent if it changes nothing more. */
  readonly repeated: string | undefined;
  readonly differences: readonly string[];
  readonly source: string | undefined;
}

const folders: Readonly<Record<ItemActionKind, string>> = {
  BackupItemAction: 'backup-item-actions',
  RestoreItemAction: 'restore-item-actions',
  DeleteItemAction: 'delete-item-actions',
};

const tag = /^(Changes|Configuration|Repeated|Differs from Velero|Source): /;
const path = /^(\*|[\w-]+(\.[\w-]+|\[\*\]|\['[^']+'\])*)$/;

/** The docstring of a built-in action, read from its source file. @throws Error if there is none, or it does not say what it changes */
export function docstringOf(kind: ItemActionKind, name: string): ActionDocstring {
  const file = `src/plugins/${folders[kind]}/${name.replace('velero.io/', '')}.ts`;
  const text = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');
  const found = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*export const \\w+: ${kind}\\b`).exec(text);
  if (!found) throw new Error(`${file}: no docstring before an exported ${kind}`);
  try {
    return parseDocstring(found[1]!);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Reads what stands between the stars of a docstring. @throws Error on a `Changes:` line that is absent or has other than paths */
function parseDocstring(text: string): ActionDocstring {
  const paragraphs = text
    .replace(/^\s*\*? ?/gm, '')
    .trim()
    .split(/\n\n+/)
    // A tag begins a paragraph of its own.
    .flatMap((paragraph) => paragraph.split(new RegExp(`\n(?=${tag.source.slice(1)})`)))
    .map((paragraph) => paragraph.replaceAll('\n', ' '));
  const tagged = (name: string): string[] =>
    paragraphs.filter((one) => one.startsWith(`${name}: `)).map((one) => one.slice(name.length + 2));
  return {
    summary: paragraphs.find((one) => !tag.test(one)) ?? '',
    changes: parsePaths(tagged('Changes')),
    configuration: tagged('Configuration')[0],
    repeated: tagged('Repeated')[0],
    differences: tagged('Differs from Velero'),
    source: tagged('Source')[0],
  };
}

function parsePaths([text, ...others]: readonly string[]): string[] {
  if (text === undefined || others.length > 0) throw new Error('expected one line that begins with Changes:');
  if (/^nothing\b/.test(text)) return [];
  const paths = [...text.matchAll(/`([^`]+)`/g)].map(([, quoted]) => quoted!);
  const bad = paths.find((one) => !path.test(one));
  if (bad !== undefined || paths.length === 0)
    throw new Error(`Changes: expected paths such as \`spec.volumes[*]\` in backquotes, got ${bad ?? text}`);
  return paths;
}
