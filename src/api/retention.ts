/**
 * Which backups of a schedule are kept, whatever their age: the newest ones, and the newest one of each of the newest days, weeks,
 * months and years that have any. What no rule keeps goes. At least one rule is given.
 */
export interface Retention {
  /** The newest so many. */
  readonly last?: number;
  /** The newest one of so many days. Days, weeks (from Monday), months and years are those of UTC. */
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
}

/** The rules' names, in order. */
export const retentionRules: readonly (keyof Retention)[] = ['last', 'daily', 'weekly', 'monthly', 'yearly'];

/** More than anybody keeps. */
const mostKept = 9_999;

/** Rules as the value of a label: `last-3.daily-7`. */
export function formatRetention(retention: Retention): string {
  return retentionRules
    .flatMap((rule) => (retention[rule] === undefined ? [] : [`${rule}-${retention[rule]}`]))
    .join('.');
}

/** Reads the value of such a label; `undefined` if it is none. */
export function parseRetention(text: string): Retention | undefined {
  const rules: Record<string, number> = {};
  for (const part of text.split('.')) {
    const [, rule = '', count = ''] = /^([a-z]+)-([0-9]{1,4})$/.exec(part) ?? [];
    if (rule === '' || Object.hasOwn(rules, rule)) return undefined;
    rules[rule] = Number(count);
  }
  return retentionProblems(rules).length === 0 ? rules : undefined;
}

/** What is wrong with rules that somebody gave; `path` is for the messages. */
export function retentionProblems(value: unknown, path = 'retention'): string[] {
  const expected = `expected at least one of ${retentionRules.join(', ')}, each a whole number from 1 to ${mostKept}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: ${expected}`];
  const rules = Object.entries(value);
  const isRule = ([rule, count]: [string, unknown]): boolean =>
    retentionRules.some((known) => known === rule) &&
    Number.isInteger(count) &&
    Number(count) >= 1 &&
    Number(count) <= mostKept;
  const wrong = rules
    .filter((rule) => !isRule(rule))
    .map(([rule, count]) => `${path}.${rule}: ${expected}, got ${String(count)}`);
  return rules.length === 0 ? [`${path}: ${expected}`] : wrong;
}
