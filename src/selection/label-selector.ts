import type { LabelRequirement, LabelSelector } from '../api/backup.ts';
import { BowlineError } from '../api/errors.ts';

type Labels = Readonly<Record<string, string>> | undefined;

/** Whether labels meet every requirement of a selector; an empty one matches all. Source: `meta/v1.LabelSelector`. */
export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  const pairs = Object.entries(selector.matchLabels ?? {});
  return (
    pairs.every(([key, value]) => labels?.[key] === value) &&
    (selector.matchExpressions ?? []).every((one) => meets(one, labels))
  );
}

function meets({ key, operator, values = [] }: LabelRequirement, labels: Labels): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** A selector as the API takes it in a query: `app=web,tier in (a,b),!old`. */
export function formatLabelSelector(selector: LabelSelector): string {
  const pairs = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [...pairs, ...(selector.matchExpressions ?? []).map(formatRequirement)].join(',');
}

function formatRequirement({ key, operator, values = [] }: LabelRequirement): string {
  switch (operator) {
    case 'In':
      return `${key} in (${formatValues(values)})`;
    case 'NotIn':
      return `${key} notin (${formatValues(values)})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}

/** The empty value alone is a comma: the API refuses `()`. */
function formatValues(values: readonly string[]): string {
  return values.join(',') || ',';
}

/** A name of at most 63 characters, behind an optional DNS subdomain of at most 253. */
const qualifiedKey =
  /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

/**
 * Parses a selector's text: `=`, `==`, `!=`, `in (…)`, `notin (…)`, `key`, `!key`, joined by commas.
 *
 * @throws BowlineError `InvalidSpec` naming the requirement that can't be read
 */
export function parseLabelSelector(text: string): LabelSelector {
  const matchLabels: Record<string, string> = {};
  const matchExpressions: LabelRequirement[] = [];
  for (const part of splitRequirements(text)) {
    const requirement = parseRequirement(part.trim());
    const [only] = requirement.values ?? [];
    const isPair =
      requirement.operator === 'In' && requirement.values?.length === 1 && only !== undefined && !part.includes('(');
    if (isPair && !Object.hasOwn(matchLabels, requirement.key)) matchLabels[requirement.key] = only;
    else matchExpressions.push(requirement);
  }
  return {
    ...(Object.keys(matchLabels).length > 0 && { matchLabels }),
    ...(matchExpressions.length > 0 && { matchExpressions }),
  };
}

/**
 * Reads a selector as the API server reads one in a query, and tells whether labels meet it: beyond `parseLabelSelector` it knows
 * `key>1` and `key<1`, which hold for labels that are whole numbers. Source: Kubernetes `labels.Parse`.
 *
 * @throws BowlineError `InvalidSpec` naming the requirement that can't be read
 */
export function labelMatcher(text: string): (labels: Labels) => boolean {
  const comparisons: Comparison[] = [];
  const matchExpressions: LabelRequirement[] = [];
  for (const part of splitRequirements(text)) {
    const comparison = parseComparison(part.trim());
    if (comparison) comparisons.push(comparison);
    else matchExpressions.push(parseRequirement(part.trim()));
  }
  return (labels) => matchesLabels({ matchExpressions }, labels) && comparisons.every((one) => holds(one, labels));
}

/** `key>bound` or `key<bound`. */
interface Comparison {
  readonly key: string;
  readonly sign: string;
  readonly bound: bigint;
}

function parseComparison(text: string): Comparison | undefined {
  const [, key = '', sign = '', value = ''] = /^([^<>=!\s]+)\s*([<>])\s*(.*)$/.exec(text) ?? [];
  if (sign === '') return undefined;
  checked({ key, operator: 'In', values: [value] }, text);
  const bound = wholeNumber(value);
  if (bound !== undefined) return { key, sign, bound };
  throw new BowlineError(
    'InvalidSpec',
    `label selector ${JSON.stringify(text)}: ${JSON.stringify(value)} is no whole number`,
  );
}

function holds({ key, sign, bound }: Comparison, labels: Labels): boolean {
  const number = labels !== undefined && Object.hasOwn(labels, key) ? wholeNumber(labels[key]!) : undefined;
  return number !== undefined && (sign === '>' ? number > bound : number < bound);
}

/** Kubernetes compares numbers of 64 bits, with a sign that no label can have. */
function wholeNumber(text: string): bigint | undefined {
  const number = /^\d+$/.test(text) ? BigInt(text) : undefined;
  return number !== undefined && BigInt.asIntN(64, number) === number ? number : undefined;
}

/** Splits at commas that stand outside parentheses. */
function splitRequirements(text: string): string[] {
  return text.trim() === '' ? [] : text.split(/,(?![^(]*\))/);
}

function parseRequirement(text: string): LabelRequirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text);
  if (set) {
    const list = set[3]!.trim();
    const values = list === '' ? [] : [...new Set(list.split(',').map((value) => value.trim()))];
    return checked({ key: set[1]!, operator: set[2] === 'in' ? 'In' : 'NotIn', values }, text);
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*(.*)$/.exec(text);
  if (equality)
    return checked(
      { key: equality[1]!, operator: equality[2] === '!=' ? 'NotIn' : 'In', values: [equality[3]!.trim()] },
      text,
    );
  if (text.startsWith('!')) return checked({ key: text.slice(1).trim(), operator: 'DoesNotExist' }, text);
  return checked({ key: text, operator: 'Exists' }, text);
}

function checked(requirement: LabelRequirement, text: string): LabelRequirement {
  const problems = requirementProblems(requirement);
  if (problems.length === 0) return requirement;
  throw new BowlineError('InvalidSpec', `label selector ${JSON.stringify(text)}: ${problems.join('; ')}`);
}

function requirementProblems({ key, operator, ...requirement }: LabelRequirement): string[] {
  // A `null` of somebody's JSON says the same as absence.
  const values = requirement.values ?? [];
  const problems = qualifiedKey.test(key) ? [] : [`${JSON.stringify(key)} is no label key`];
  for (const value of values) if (!labelValue.test(value)) problems.push(`${JSON.stringify(value)} is no label value`);
  const wantsValues = operator === 'In' || operator === 'NotIn';
  if (wantsValues && values.length === 0) problems.push(`${operator} needs values`);
  if (!wantsValues && values.length > 0) problems.push(`${operator} takes no values`);
  return problems;
}

/** What is wrong with labels, each problem with the path. */
export function validateLabels(labels: Readonly<Record<string, string>>, path: string): string[] {
  return Object.entries(labels).flatMap(([key, value]) =>
    requirementProblems({ key, operator: 'In', values: [value] }).map((problem) => `${path}: ${problem}`),
  );
}

/** What is wrong with a selector, each problem with its path. */
export function validateLabelSelector(selector: LabelSelector, path: string): string[] {
  const pairs = validateLabels(selector.matchLabels ?? {}, `${path}.matchLabels`);
  const known = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
  const expressions = (selector.matchExpressions ?? []).flatMap((one, index) =>
    (known.includes(one.operator)
      ? requirementProblems(one)
      : [`operator: expected one of ${known.join(', ')}, got ${one.operator}`]
    ).map((problem) => `${path}.matchExpressions[${index}]: ${problem}`),
  );
  return [...pairs, ...expressions];
}
