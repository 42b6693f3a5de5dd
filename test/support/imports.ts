import { posix } from 'node:path';

/** One import of a source file. */
export interface Import {
  /** A path under `src`, such as `api/errors.ts`, or the name of a package or of a Node module. */
  readonly to: string;
  /** `type`: erased before the code runs. `lazy`: `import()`, when the code gets there. */
  readonly kind: 'value' | 'type' | 'lazy';
}

const statement = /^(?:import|export)\s+(type\s+)?(?:[\w$\s{},*]+?\sfrom\s+)?'([^']+)'/gm;
const expression = /(typeof\s+)?\bimport\(\s*(?:'([^']+)')?/g;

/** The imports and re-exports in a file's text, as oxfmt leaves it. `file` is its path under `src`. */
export function importsOf(file: string, text: string): Import[] {
  const to = (specifier: string): string =>
    specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier;
  return [
    ...[...text.matchAll(statement)].map(([, type, specifier]): Import => ({
      to: to(specifier!),
      kind: type ? 'type' : 'value',
    })),
    ...[...text.matchAll(expression)].map(([, type, specifier = 'a-computed-name']): Import => ({
      to: to(specifier),
      kind: type ? 'type' : 'lazy',
    })),
  ];
}

/**
 * What the files of a folder may import: paths and names with spaces between; one that ends in `/` or `:` stands for all that
 * begin so. What is allowed as a value is allowed in the other ways too.
 */
export interface Row {
  readonly values?: string;
  readonly types?: string;
  readonly lazily?: string;
}

/**
 * The imports of a file that its row does not allow, each as a sentence. The row is the one with the longest name that the
 * file's path begins with. Files of the same folder are always allowed.
 */
export function refusedImports(table: Readonly<Record<string, Row>>, file: string, text: string): string[] {
  const name = Object.keys(table)
    .filter((row) => matches(row, file))
    .sort((a, b) => b.length - a.length)[0];
  if (name === undefined) return [`src/${file}: no row of the import table is about it`];
  const { values = '', types = '', lazily = '' } = table[name]!;
  const home = file.slice(0, file.indexOf('/') + 1);
  const allowed = { value: '', type: types, lazy: lazily };
  return importsOf(file, text)
    .filter(({ to, kind }) => !`${home} ${values} ${allowed[kind]}`.split(' ').some((entry) => matches(entry, to)))
    .map(
      ({ to, kind }) => `src/${file}: ${kind} import of ${to}; the row ${name} allows ${JSON.stringify(table[name])}`,
    );
}

function matches(entry: string, name: string): boolean {
  return /[/:]$/.test(entry) ? name.startsWith(entry) : name === entry;
}
