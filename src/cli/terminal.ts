import { stripVTControlCharacters, styleText } from 'node:util';

/** Where a command writes. */
export interface Terminal {
  /** What was asked for. */
  out(text: string): void;
  /** Errors, notes and progress. */
  err(text: string): void;
  /** The stream behind `err` if a person watches it: progress is then drawn, not printed. */
  readonly screen?: NodeJS.WriteStream;
  /** Whether `out` takes colours. */
  readonly color: boolean;
}

const colors = {
  Available: 'green',
  Completed: 'green',
  InProgress: 'cyan',
  New: 'cyan',
  PartiallyFailed: 'yellow',
  Deleting: 'yellow',
  Paused: 'yellow',
  Failed: 'red',
  FailedValidation: 'red',
  DeletionFailed: 'red',
  Unreadable: 'red',
  Unavailable: 'red',
  passed: 'green',
  failed: 'red',
  skipped: 'yellow',
  warning: 'yellow',
} as const;

/** A phase, or the outcome of a check, in its colour. */
export function coloredPhase(phase: string, { color }: Pick<Terminal, 'color'>): string {
  const format = colors[phase as keyof typeof colors];
  return color && format ? styleText(format, phase, { validateStream: false }) : phase;
}

/** Text from a store, safe to show: without what would steer the terminal. Line breaks stay. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return stripVTControlCharacters(text).replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}
