import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  itemActionKinds,
  itemActionsOf,
  resourceSelectorText,
  type ItemActionKind,
} from '../../src/cli/item-actions.ts';
import type { ResourceSelector } from '../../src/plugins/index.ts';
import { commandLineDocument } from './command-line.ts';
import { docstringOf, type ActionDocstring } from './docstring.ts';
import { withFamilies } from './metrics.ts';
import { tableOf } from './table.ts';

interface DocumentedAction extends ActionDocstring {
  readonly kind: ItemActionKind;
  readonly name: string;
  readonly appliesTo: ResourceSelector;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

const intro = `An action runs on every item that its selector names, in the order of this page; \`bowline action run\` tries one on an item of
your own. It changes nothing but the paths that are given here: \`spec.volumes[*]\` is any entry of the list, and a path
stands for all below it.`;

const noneBuiltIn = `None is built in: those of Velero 1.18 belong to CSI snapshots and data movers. One of your own sees the items that its
selector names when their backup is deleted, before anything of it goes; [an example](../examples/delete-item-action/README.md) is
run by the tests, and [decision 9](decisions/0009-delete-item-actions.md) tells what holds for all of them.`;

/** What is made from the code of item actions, metrics and commands: each file's text, by its path. @throws Error on a docstring that lacks something */
export async function generateDocs(): Promise<Readonly<Record<string, string>>> {
  const actions = itemActionKinds.flatMap((kind) =>
    itemActionsOf(kind).map(({ name, appliesTo }): DocumentedAction => ({
      kind,
      name,
      appliesTo,
      ...docstringOf(kind, name),
    })),
  );
  const texts = {
    'docs/item-actions.md': documentOf(actions),
    'src/plugins/item-action-differences.ts': moduleOf(actions),
    'docs/cli.md': commandLineDocument(),
    'docs/metrics.md': withFamilies(readFileSync(`${root}docs/metrics.md`, 'utf8')),
  };
  const formatted = Object.entries(texts).map(async ([file, text]) => [file, await format(file, text)] as const);
  return Object.fromEntries(await Promise.all(formatted));
}

function documentOf(actions: readonly DocumentedAction[]): string {
  return [
    '# Item actions',
    'Made from the docstrings of the actions by `npm run docs`.',
    intro,
    ...itemActionKinds.flatMap((kind) => sectionOf(kind, actions)),
    '## Differences from Velero',
    differenceTable(actions),
    '## Overruled vectors',
    "Of the inputs in `test/vectors`, whose outcomes are those of Velero's own code, these come out differently on purpose.",
    overruledTable(),
  ].join('\n\n');
}

function sectionOf(kind: ItemActionKind, actions: readonly DocumentedAction[]): string[] {
  const ofKind = actions.filter((action) => action.kind === kind);
  const verb = kind.replace('ItemAction', '');
  return [
    `## ${verb} item actions`,
    ...(ofKind.length === 0 ? [noneBuiltIn] : []),
    ...ofKind.flatMap((action) => [`### ${action.name}`, action.summary, facts(action)]),
  ];
}

function facts({ appliesTo, changes, configuration, repeated, differences, source }: DocumentedAction): string {
  const paths = changes.map((path) => `\`${path}\``).join(', ');
  return [
    `- Selector: \`${resourceSelectorText(appliesTo)}\``,
    `- Changes: ${paths === '`*`' ? 'the whole item' : paths || 'nothing'}`,
    ...(configuration === undefined ? [] : [`- Configuration: ${configuration}`]),
    ...(repeated === undefined ? [] : [`- Repeated: ${repeated}`]),
    ...differences.map((difference) => `- Differs from Velero: ${difference}`),
    ...(source === undefined ? [] : [`- Source: ${source}`]),
  ].join('\n');
}

function differenceTable(actions: readonly DocumentedAction[]): string {
  const rows = actions.flatMap(({ kind, name, differences }) => differences.map((one) => [kind, `\`${name}\``, one]));
  return tableOf(['kind', 'action', 'difference'], rows);
}

function overruledTable(): string {
  const vectors = `${root}test/vectors/`;
  const overruled = readJson<Record<string, string>>(`${vectors}overruled.json`);
  const rows = globSync('*/*.json', { cwd: vectors })
    .toSorted()
    .flatMap((file) => {
      const { kind, action, cases } = readJson<VectorFile>(`${vectors}${file}`);
      return cases.flatMap(({ id, title }) =>
        overruled[id] === undefined ? [] : [[kind, `\`${action}\``, id, title, overruled[id]]],
      );
    });
  return tableOf(['kind', 'action', 'vector', 'input', 'why'], rows);
}

interface VectorFile {
  readonly kind: string;
  readonly action: string;
  readonly cases: readonly { readonly id: string; readonly title: string }[];
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

function moduleOf(actions: readonly DocumentedAction[]): string {
  const members = actions
    .filter(({ differences }) => differences.length > 0)
    .map(({ kind, name, differences }) => [`${kind}/${name}`, differences]);
  return `/** In what actions differ from Velero's, by kind and name. Made from their docstrings by \`npm run docs\`. */
export const itemActionDifferences: Readonly<Record<string, readonly string[]>> = ${JSON.stringify(Object.fromEntries(members))};
`;
}

async function format(file: string, text: string): Promise<string> {
  const args = [`${root}node_modules/oxfmt/bin/oxfmt`, '--stdin-filepath', file];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(text);
  return textOf(child.stdout);
}
