import type { Command, Option } from 'commander';
import { examplesOf } from '../../src/cli/examples.ts';
import { exitCodesHelp } from '../../src/cli/exit-codes.ts';
import { createProgram } from '../../src/cli/program.ts';
import { tableOf } from './table.ts';

const silent = { out: () => undefined, err: () => undefined, color: false };

/** The reference of the command line, made of the commands themselves. */
export function commandLineDocument(): string {
  const program = createProgram(silent, async () => undefined);
  return [
    '# The command line',
    'Made from the commands themselves by `npm run docs`: the same as `bowline COMMAND --help`. Names and flags are those of the `velero` command, where it has them.',
    'Every command takes:',
    optionTable(program.options),
    `\`\`\`text\n${exitCodesHelp.trim()}\n\`\`\``,
    ...sectionsOf(program, []),
  ].join('\n\n');
}

/** A section for each command that does something, in the order of the help. */
function sectionsOf(command: Command, path: readonly string[]): string[] {
  const below = command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
  return below.flatMap((one) => {
    const words = [...path, one.name()];
    return one.commands.length > 0 ? sectionsOf(one, words) : sectionOf(one, words);
  });
}

function sectionOf(command: Command, words: readonly string[]): string[] {
  const name = words.join(' ');
  const usage = ['bowline', name, ...command.registeredArguments.map(argumentText), '[options]'].join(' ');
  return [
    `## bowline ${name}`,
    `\`${usage}\`: ${plain(command.description())}.`,
    ...(command.options.length > 0 ? [optionTable(command.options)] : []),
    `\`\`\`sh\n${examplesOf(name).join('\n')}\n\`\`\``,
  ];
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map((option) => {
    const { flags, description, argChoices, mandatory, defaultValue } = option;
    const facts = [
      plain(description),
      ...(argChoices ? [`one of ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`] : []),
      ...(defaultValue === undefined
        ? []
        : [
            `default ${[defaultValue]
              .flat()
              .map((one) => `\`${one}\``)
              .join(', ')}`,
          ]),
      ...(mandatory ? ['has to be given'] : []),
    ];
    return [`\`${flags}\``, facts.filter(Boolean).join('; ')];
  });
  return tableOf(['flag', 'what it does'], rows);
}

function argumentText(argument: { name(): string; readonly required: boolean; readonly variadic: boolean }): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

/** Text in which nothing is HTML or emphasis. */
function plain(text: string): string {
  return text.replaceAll(/[<*_]/g, (sign) => `\\${sign}`);
}
