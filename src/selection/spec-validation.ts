import type { LabelSelector } from '../api/backup.ts';
import { parseGoDuration } from '../api/duration.ts';
import { validateIncludesExcludes } from './includes-excludes.ts';
import { validateLabels, validateLabelSelector } from './label-selector.ts';
import { nonRestorable } from './restore-filter.ts';

/** Checks one member of a spec and tells what is wrong. */
export type Check = (value: unknown, path: string) => string[];

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** What is wrong with the name of a backup or a restore: it has to be a DNS subdomain, as Kubernetes' own names. */
export function validateName(name: unknown): string[] {
  if (typeof name === 'string' && name.length <= 253 && subdomain.test(name)) return [];
  return [`name: expected a DNS subdomain (lower-case letters, digits, '-' and '.', at most 253), got ${show(name)}`];
}

const names = listOf(text);
const nullableBoolean: Check = (value, path) => (value === null ? [] : boolean(value, path));

const common = {
  includedNamespaces: names,
  excludedNamespaces: names,
  includedResources: names,
  excludedResources: names,
  includeClusterResources: nullableBoolean,
  labelSelector: nullable(labelSelector),
  orLabelSelectors: nullable(listOf(labelSelector)),
  itemOperationTimeout: duration,
  hooks: unsupportedUnless(isEmpty),
} as const satisfies Record<string, Check>;

const backupFields: Readonly<Record<string, Check>> = {
  ...common,
  metadata: backupMetadata,
  snapshotVolumes: nullableBoolean,
  ttl: duration,
  storageLocation: text,
  volumeSnapshotLocations: names,
  csiSnapshotTimeout: duration,
  volumeGroupSnapshotLabelKey: text,
  includedClusterScopedResources: unsupportedUnless(isEmpty),
  excludedClusterScopedResources: unsupportedUnless(isEmpty),
  includedNamespaceScopedResources: unsupportedUnless(isEmpty),
  excludedNamespaceScopedResources: unsupportedUnless(isEmpty),
  orderedResources: unsupportedUnless(isEmpty),
  resourcePolicy: unsupportedUnless(isEmpty),
  uploaderConfig: unsupportedUnless(isEmpty),
  defaultVolumesToFsBackup: unsupportedUnless(isFalse),
  defaultVolumesToRestic: unsupportedUnless(isFalse),
  snapshotMoveData: unsupportedUnless(isFalse),
  datamover: unsupportedUnless(isEmpty),
};

const restoreFields: Readonly<Record<string, Check>> = {
  ...common,
  backupName: text,
  scheduleName: text,
  namespaceMapping,
  restorePVs: nullableBoolean,
  preserveNodePorts: nullableBoolean,
  existingResourcePolicy: oneOf(['', 'none', 'update']),
  restoreStatus: nullable(restoreStatus),
  resourceModifier: nullable(configMapReference),
  uploaderConfig: unsupportedUnless(isEmpty),
};

/** Everything that is wrong with a backup's spec, each problem with the member's path and what was expected. */
export function validateBackupSpec(spec: unknown): string[] {
  return validateSpec(spec, backupFields);
}

/** Everything that is wrong with a restore's spec. */
export function validateRestoreSpec(spec: unknown): string[] {
  return [...validateSpec(spec, restoreFields), ...includesNonRestorable(spec)];
}

/** Source: Velero `pkg/controller/restore_controller.go`. */
function includesNonRestorable(spec: unknown): string[] {
  return listOfText(spec, 'includedResources')
    .filter((name) => nonRestorable.includes(name))
    .map((name) => `spec.includedResources: ${name} are never restored`);
}

function validateSpec(spec: unknown, fields: Readonly<Record<string, Check>>): string[] {
  const problems = object(spec, 'spec');
  if (problems.length > 0) return problems;
  const members = spec as Record<string, unknown>;
  for (const [name, value] of Object.entries(members)) {
    const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (check) problems.push(...check(value, `spec.${name}`));
    else problems.push(`spec.${name}: unknown field; known are ${Object.keys(fields).join(', ')}`);
  }
  if (members['labelSelector'] != null && members['orLabelSelectors'] != null) {
    problems.push('spec.labelSelector and spec.orLabelSelectors: expected at most one of the two');
  }
  return [...problems, ...listProblems(members)];
}

function listProblems(spec: unknown): string[] {
  const list = (name: string): string[] => listOfText(spec, name);
  return [
    ...validateIncludesExcludes('spec: namespaces', list('includedNamespaces'), list('excludedNamespaces')),
    ...validateIncludesExcludes('spec: resources', list('includedResources'), list('excludedResources')),
  ];
}

function listOfText(spec: unknown, name: string): string[] {
  const list = (spec as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

/** Tells if a value is no text. */
export function text(value: unknown, path: string): string[] {
  return typeof value === 'string' ? [] : [`${path}: expected text, got ${show(value)}`];
}

function boolean(value: unknown, path: string): string[] {
  return typeof value === 'boolean' ? [] : [`${path}: expected true or false, got ${show(value)}`];
}

/** Tells if a value is no object. */
export function object(value: unknown, path: string): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? []
    : [`${path}: expected an object, got ${show(value)}`];
}

function duration(value: unknown, path: string): string[] {
  if (typeof value === 'string' && (parseGoDuration(value) ?? -1) >= 0) return [];
  return [`${path}: expected a duration such as 720h0m0s, got ${show(value)}`];
}

function mapOfText(value: unknown, path: string): string[] {
  const problems = object(value, path);
  return problems.length > 0
    ? problems
    : Object.entries(value as object).flatMap(([key, member]) => text(member, `${path}.${key}`));
}

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function namespaceMapping(value: unknown, path: string): string[] {
  const problems = mapOfText(value, path);
  if (problems.length > 0) return problems;
  return Object.entries(value as Record<string, string>)
    .filter(([, target]) => !label.test(target))
    .map(([source, target]) => `${path}.${source}: expected a namespace's name, got ${show(target)}`);
}

function restoreStatus(value: unknown, path: string): string[] {
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const { includedResources, excludedResources, ...others } = value as Record<string, unknown>;
  const lists = { includedResources: includedResources ?? [], excludedResources: excludedResources ?? [] };
  const known = Object.keys(lists);
  problems.push(...Object.keys(others).map((key) => `${path}.${key}: unknown field; known are ${known.join(', ')}`));
  problems.push(...known.flatMap((key) => names(lists[key as keyof typeof lists], `${path}.${key}`)));
  if (problems.length > 0) return problems;
  const [included, excluded] = [lists.includedResources as string[], lists.excludedResources as string[]];
  return validateIncludesExcludes(`${path}: resources`, included, excluded);
}

/** Velero knows ConfigMaps alone, whatever the letter case. */
function configMapReference(value: unknown, path: string): string[] {
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const { kind, name, apiGroup, ...others } = value as Record<string, unknown>;
  return [
    ...Object.keys(others).map((key) => `${path}.${key}: unknown field; known are apiGroup, kind, name`),
    ...(apiGroup == null || apiGroup === '' ? [] : [`${path}.apiGroup: expected none, got ${show(apiGroup)}`]),
    ...(typeof kind === 'string' && kind.toLowerCase() === 'configmap'
      ? []
      : [`${path}.kind: expected configmap, got ${show(kind)}`]),
    ...(typeof name === 'string' && name !== '' ? [] : [`${path}.name: expected a name, got ${show(name)}`]),
  ];
}

/** Checks that a value is a list, and each element of it. */
export function listOf(check: Check): Check {
  return (value, path) =>
    Array.isArray(value)
      ? value.flatMap((one, index) => check(one, `${path}[${index}]`))
      : [`${path}: expected a list, got ${show(value)}`];
}

function nullable(check: Check): Check {
  return (value, path) => (value === null ? [] : check(value, path));
}

function oneOf(values: readonly string[]): Check {
  return (value, path) =>
    values.some((one) => one === value)
      ? []
      : [`${path}: expected one of ${values.map(show).join(', ')}, got ${show(value)}`];
}

/** Tells what is wrong with a label selector. */
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
    ...(values == null ? [] : names(values, `${path}.values`)),
  ];
}

function backupMetadata(value: unknown, path: string): string[] {
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const { labels, ...others } = value as Record<string, unknown>;
  problems.push(...Object.keys(others).map((key) => `${path}.${key}: unknown field; known is labels`));
  const notText = mapOfText(labels ?? {}, `${path}.labels`);
  return [
    ...problems,
    ...(notText.length > 0
      ? notText
      : validateLabels((labels ?? {}) as Readonly<Record<string, string>>, `${path}.labels`)),
  ];
}

/** Members of Velero's spec that Bowline does not act on: their empty forms pass, so that a spec of Velero's can be pasted. */
function unsupportedUnless(harmless: (value: unknown) => boolean): Check {
  return (value, path) => (harmless(value) ? [] : [`${path}: not supported yet`]);
}

function isFalse(value: unknown): boolean {
  return value === false || value == null;
}

function isEmpty(value: unknown): boolean {
  if (value == null || value === '') return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}

/** A value for a message: its type, and the value itself if it is short. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null
    ? 'an object'
    : `${value === null ? '' : `${typeof value} `}${JSON.stringify(value)}`;
}
