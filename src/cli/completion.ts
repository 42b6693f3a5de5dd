import type { CommandNode, Flag, Value } from './command-tree.ts';

/** The shells that have completions. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** One of `shells`. */
export type Shell = (typeof shells)[number];

/**
 * A script that has a shell complete `bowline`: commands, flags and choices by what is written in it; names by asking `bowline names`, which
 * prints nothing where it can't know.
 */
export function completionScript(shell: Shell, tree: readonly CommandNode[]): string {
  const script = { bash, zsh, fish }[shell](tree);
  return `# ${shell} completion of bowline, made by \`bowline completion ${shell}\`.\n${script}`;
}

/** A place in a command line: which command, and, for the value of a flag, which. */
interface Place {
  readonly node: CommandNode;
  readonly flag: Flag;
}

/** What goes into scripts for the shells that look at words one by one: bash and zsh. */
function bash(tree: readonly CommandNode[]): string {
  return `_bowline() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} trail='' words='' index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$trail/\${COMP_WORDS[index]}" in
      ${trails(tree).join(' | ')}) trail="$trail/\${COMP_WORDS[index]}" ;;
    esac
  done
  case "$trail $previous" in
${cases(valuePatterns(tree), bashValue)}
    *)
      case "$trail $current" in
${cases(
  tree.map(({ path, flags }) => [`${quoted(`${trailOf(path)} -`)}*`, flags.flatMap(({ words }) => words)]),
  (words) => `words=${quoted(words.join(' '))}`,
)}
${cases(
  tree.flatMap(({ path, commands }) =>
    commands.length > 0 ? [[`${quoted(`${trailOf(path)} `)}*`, commands.map(({ word }) => word)]] : [],
  ),
  (words) => `words=${quoted(words.join(' '))}`,
)}
${cases(argumentPatterns(tree), bashValue)}
      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _bowline bowline
`;
}

function bashValue(value: Value): string {
  switch (value.kind) {
    case 'choices':
      return `words=${quoted(value.choices.join(' '))}`;
    case 'names':
      return `words=$("\${COMP_WORDS[0]}" names ${value.of} 2>/dev/null)`;
    case 'file':
      return 'COMPREPLY=($(compgen -f -- "$current")); return';
    case 'text':
      return 'return';
  }
}

function zsh(tree: readonly CommandNode[]): string {
  return `#compdef bowline
_bowline() {
  local current=\${words[CURRENT]} previous=\${words[CURRENT-1]} trail='' index
  local -a found
  for ((index = 2; index < CURRENT; index++)); do
    case "$trail/\${words[index]}" in
      ${trails(tree).join(' | ')}) trail="$trail/\${words[index]}" ;;
    esac
  done
  case "$trail $previous" in
${cases(valuePatterns(tree), zshValue)}
  esac
  case "$trail $current" in
${cases(
  tree.map(({ path, flags }) => [
    `${quoted(`${trailOf(path)} -`)}*`,
    flags.flatMap(({ words, description }) => words.map((word) => ({ word, description }))),
  ]),
  zshList,
)}
${cases(
  tree.flatMap(({ path, commands }) => (commands.length > 0 ? [[`${quoted(`${trailOf(path)} `)}*`, commands]] : [])),
  zshList,
)}
${cases(argumentPatterns(tree), zshValue)}
  esac
  _describe 'bowline' found
}
if [[ \${funcstack[1]} == _bowline ]]; then
  _bowline "$@"
else
  compdef _bowline bowline
fi
`;
}

function zshList(entries: readonly { readonly word: string; readonly description: string }[]): string {
  return `found=(${entries.map(({ word, description }) => quoted(description ? `${word}:${description}` : word)).join(' ')})`;
}

function zshValue(value: Value): string {
  switch (value.kind) {
    case 'choices':
      return `compadd -- ${value.choices.map(quoted).join(' ')}; return`;
    case 'names':
      return `compadd -- \${(f)"$(\${words[1]} names ${value.of} 2>/dev/null)"}; return`;
    case 'file':
      return '_files; return';
    case 'text':
      return 'return';
  }
}

function fish(tree: readonly CommandNode[]): string {
  const lines = tree.flatMap(({ path, commands, flags, argument }) => {
    const at = `complete -c bowline -n ${quoted(`__bowline_at ${quoted(trailOf(path))}`)}`;
    const names = argument && fishValue(argument);
    return [
      ...commands.map(({ word, description }) => `${at} -a ${word} -d ${fishQuoted(description)}`),
      ...flags.map((flag) => `${at} ${fishFlag(flag)}`),
      ...(names ? [`${at} ${names}`] : []),
    ];
  });
  return `function __bowline_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l trail ''
    for word in $words
        switch "$trail/$word"
            case ${trails(tree).join(' ')}
                set trail "$trail/$word"
        end
    end
    test "$trail" = "$argv[1]"
end
complete -c bowline -f
${lines.join('\n')}
`;
}

function fishFlag({ words, description, value }: Flag): string {
  const flags = words.map((word) => (word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`));
  const takes = value === undefined ? [] : [value.kind === 'file' ? '-r -F' : '-x', fishValue(value)];
  const told = description ? [`-d ${fishQuoted(description)}`] : [];
  return [...flags, ...takes, ...told].filter(Boolean).join(' ');
}

function fishValue(value: Value): string {
  if (value.kind === 'choices') return `-a ${fishQuoted(value.choices.join(' '))}`;
  if (value.kind === 'names') return `-a '(bowline names ${value.of} 2>/dev/null)'`;
  return '';
}

/** The places of a command line that come after a flag which takes a value, as patterns of trail and flag. */
function valuePatterns(tree: readonly CommandNode[]): [string, Value][] {
  const places = tree.flatMap((node): Place[] => node.flags.map((flag) => ({ node, flag })));
  return places.flatMap(({ node, flag: { words, value } }): [string, Value][] =>
    value === undefined ? [] : [[words.map((word) => quoted(`${trailOf(node.path)} ${word}`)).join(' | '), value]],
  );
}

/** The places that are an argument, as patterns. */
function argumentPatterns(tree: readonly CommandNode[]): [string, Value][] {
  return tree.flatMap(({ path, argument }): [string, Value][] =>
    argument === undefined ? [] : [[`${quoted(`${trailOf(path)} `)}*`, argument]],
  );
}

function cases<T>(patterns: readonly (readonly [string, T])[], body: (value: T) => string): string {
  return patterns.map(([pattern, value]) => `    ${pattern}) ${body(value)} ;;`).join('\n');
}

/** Every command as the words that lead to it: `/backup/create`. */
function trails(tree: readonly CommandNode[]): string[] {
  return tree.flatMap(({ path }) => (path.length > 0 ? [trailOf(path)] : []));
}

function trailOf(path: readonly string[]): string {
  return path.map((word) => `/${word}`).join('');
}

/** As bash and zsh take it, and fish where it has no quote in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
