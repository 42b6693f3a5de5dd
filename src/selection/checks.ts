import type { LabelSelector } from '../api/backup.ts';
import { parseGoDuration } from '../api/duration.ts';
import { validateIncludesExcludes } from './includes-excludes.ts';
import { validateLabelSelector } from './label-selector.ts';

/** Checks a value that stands at `path` in a spec, and tells everything that is wrong with it. */
export type Check = (value: unknown, path: string) => string[];

/** Any text. */
export function text(value: unknown, path: string): string[] {
  return typeof value === 'string' ? [] : [`${path}: expected text, got ${show(value)}`];
}

/** `true` or `false`. */
export function boolean(value: unknown, path: string): string[] {
  return typeof value === 'boolean' ? [] : [`${path}: expected true or false, got ${show(value)}`];
}

/** An object, whatever is in it. */
export function object(value: unknown, path: string): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? []
    : [`${path}: expected an object, got ${show(value)}`];
}

/** An object of known members, each of which passes its own check if it is there; another one is a problem, too. */
export function objectOf(fields: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    const problems = object(value, path);
    if (problems.length > 0) return problems;
    return Object.entries(value as object).flatMap(([name, member]) => {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      return check
        ? check(member, `${path}.${name}`)
        : [`${path}.${name}: unknown field; known are ${Object.keys(fields).join(', ')}`];
    });
  };
}

/** A Go duration that is not negative. */
export function duration(value: unknown, path: string): string[] {
  if (typeof value === 'string' && (parseGoDuration(value) ?? -1) >= 0) return [];
  return [`${path}: expected a duration such as 720h0m0s, got ${show(value)}`];
}

/** An object whose members are texts. */
export function mapOfText(value: unknown, path: string): string[] {
  const problems = object(value, path);
  return problems.length > 0
    ? problems
    : Object.entries(value as object).flatMap(([key, member]) => text(member, `${path}.${key}`));
}

/** A list whose entries all pass. */
export function listOf(check: Check): Check {
  return (value, path) =>
    Array.isArray(value)
      ? value.flatMap((one, index) => check(one, `${path}[${index}]`))
      : [`${path}: expected a list, got ${show(value)}`];
}

/** `null`, or what passes. */
export function nullable(check: Check): Check {
  return (value, path) => (value === null ? [] : check(value, path));
}

/** One of some texts. */
export function oneOf(values: readonly string[]): Check {
  return (value, path) =>
    values.some((one) => one === value)
      ? []
      : [`${path}: expected one of ${values.map(show).join(', ')}, got ${show(value)}`];
}

/** A label selector. */
export function labelSelector(value: unknown, path: string): string[] {
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const { matchLabels, matchExpressions, ...others } = value as Record<string, unknown>;
  problems.push(
    ...Object.keys(others).map((key) => `${path}.${key}: unknown field; known are matchLabels, matchExpressions`),
  );
  problems.push(
    ...mapOfText(matchLabels ?? {}, `${path}.matchLabels`),
    ...listOf(requirement)(matchExpressions ?? [], `${path}.matchExpressions`),
  );
  return problems.length > 0 ? problems : validateLabelSelector(value as LabelSelector, path);
}

function requirement(value: unknown, path: string): string[] {
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const { key, operator, values } = value as Record<string, unknown>;
  return [
    ...text(key, `${path}.key`),
    ...text(operator, `${path}.operator`),
    ...(values == null ? [] : listOf(text)(values, `${path}.values`)),
  ];
}

/** What is wrong with the lists by which an object includes and excludes namespaces and resources, texts alone considered. */
export function listProblems(value: unknown, path: string): string[] {
  const list = (name: string): string[] => textsIn(value, name);
  return [
    ...validateIncludesExcludes(`${path}: namespaces`, list('includedNamespaces'), list('excludedNamespaces')),
    ...validateIncludesExcludes(`${path}: resources`, list('includedResources'), list('excludedResources')),
  ];
}

/** The texts in a list that is a member of an object; none if it is no list. */
export function textsIn(value: unknown, name: string): string[] {
  const list = (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

/** A value, as messages show what they got. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null
    ? 'an object'
    : `${value === null ? '' : `${typeof value} `}${JSON.stringify(value)}`;
}
