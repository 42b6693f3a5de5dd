import type { Argument, Command, Option } from 'commander';

/** Things whose names can be completed. */
export const nameKinds = ['backups', 'restores', 'schedules', 'backup-locations', 'snapshot-locations'] as const;

/** One of `nameKinds`. */
export type NameKind = (typeof nameKinds)[number];

/** What is expected at a place of a command line. */
export type Value =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'names'; readonly of: NameKind }
  | { readonly kind: 'file' }
  | { readonly kind: 'text' };

/** A flag of a command. */
export interface Flag {
  /** `-o` and `--output`, or the long one alone. */
  readonly words: readonly string[];
  readonly description: string;
  /** What the next word has to be; none for a flag that stands alone. */
  readonly value?: Value;
}

/** A command, as a person types it. */
export interface CommandNode {
  /** Its words after the program's own; none for that itself. */
  readonly path: readonly string[];
  readonly description: string;
  /** Those below it. */
  readonly commands: readonly { readonly word: string; readonly description: string }[];
  /** With those of every command. */
  readonly flags: readonly Flag[];
  /** What its arguments are, if it takes any that can be completed. */
  readonly argument?: Value;
}

/** What the arguments of a group's commands name. */
const groups: Readonly<Record<string, NameKind>> = {
  backup: 'backups',
  restore: 'restores',
  schedule: 'schedules',
  'backup-location': 'backup-locations',
  'snapshot-location': 'snapshot-locations',
};

/** What flags name. */
const namingFlags: Readonly<Record<string, NameKind>> = {
  '--from-backup': 'backups',
  '--from-schedule': 'schedules',
  '--storage-location': 'backup-locations',
  '--volume-snapshot-locations': 'snapshot-locations',
};

/** The program and every command below it that its help shows, each before those below it. */
export function commandTree(program: Command): CommandNode[] {
  const everywhere = program.options.filter(({ hidden }) => !hidden);
  return [...nodes(program, [], everywhere)];
}

function* nodes(command: Command, path: readonly string[], everywhere: readonly Option[]): Iterable<CommandNode> {
  const below = command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
  const own = command.options.filter((option) => !option.hidden && !everywhere.includes(option));
  const argument = argumentOf(command, path);
  yield {
    path,
    description: command.description(),
    commands: below.map((one) => ({ word: one.name(), description: one.description() })),
    flags: [...[...own, ...everywhere].map(flagOf), { words: ['-h', '--help'], description: 'tell how it is used' }],
    ...(argument && { argument }),
  };
  for (const one of below) yield* nodes(one, [...path, one.name()], everywhere);
}

function flagOf(option: Option): Flag {
  const { short, long, description, required, argChoices } = option;
  const words = [short, long].filter((word) => word !== undefined);
  const of = namingFlags[long ?? ''];
  // One whose value is optional takes it only after `=`.
  if (!required) return { words, description };
  return {
    words,
    description,
    value: of ? { kind: 'names', of } : valueOf(argChoices, option.flags.includes('<file>')),
  };
}

function argumentOf({ registeredArguments }: Command, [group = '', verb]: readonly string[]): Value | undefined {
  const [first] = registeredArguments as readonly Argument[];
  if (first === undefined) return undefined;
  const of = groups[group];
  if (of && verb !== 'create') return { kind: 'names', of };
  return valueOf(first.argChoices, false);
}

function valueOf(choices: readonly string[] | undefined, isFile: boolean): Value {
  if (choices) return { kind: 'choices', choices };
  return { kind: isFile ? 'file' : 'text' };
}
