import {
  boolean,
  duration,
  labelSelector,
  listOf,
  listProblems,
  mapOfText,
  nullable,
  object,
  objectOf,
  oneOf,
  show,
  text,
  textsIn,
  type Check,
} from './checks.ts';
import { backupHooksCheck, restoreHooksCheck } from './hook-validation.ts';
import { validateIncludesExcludes, validateScopedIncludesExcludes } from './includes-excludes.ts';
import { validateLabels } from './label-selector.ts';
import { nonRestorable } from './restore-filter.ts';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** What is wrong with the name of a backup or a restore: it has to be a DNS subdomain, as Kubernetes' own names. */
export function validateName(name: unknown): string[] {
  if (typeof name === 'string' && name.length <= 253 && subdomain.test(name)) return [];
  return [`name: expected a DNS subdomain (lower-case letters, digits, '-' and '.', at most 253), got ${show(name)}`];
}

const names = listOf(text);
const nullableBoolean = nullable(boolean);

const common = {
  includedNamespaces: names,
  excludedNamespaces: names,
  includedResources: names,
  excludedResources: names,
  includeClusterResources: nullableBoolean,
  labelSelector: nullable(labelSelector),
  orLabelSelectors: nullable(listOf(labelSelector)),
  itemOperationTimeout: duration,
} as const satisfies Record<string, Check>;

const backupFields: Readonly<Record<string, Check>> = {
  ...common,
  hooks: backupHooksCheck,
  metadata: backupMetadata,
  snapshotVolumes: nullableBoolean,
  ttl: duration,
  storageLocation: text,
  volumeSnapshotLocations: names,
  csiSnapshotTimeout: duration,
  volumeGroupSnapshotLabelKey: text,
  includedClusterScopedResources: names,
  excludedClusterScopedResources: names,
  includedNamespaceScopedResources: names,
  excludedNamespaceScopedResources: names,
  orderedResources: nullable(mapOfText),
  resourcePolicy: nullable(resourcePolicy),
  uploaderConfig: unsupportedUnless(isEmpty),
  defaultVolumesToFsBackup: unsupportedUnless(isFalse),
  defaultVolumesToRestic: unsupportedUnless(isFalse),
  snapshotMoveData: unsupportedUnless(isFalse),
  datamover: unsupportedUnless(isEmpty),
};

const restoreFields: Readonly<Record<string, Check>> = {
  ...common,
  hooks: restoreHooksCheck,
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
  return [...validateSpec(spec, backupFields), ...scopedListProblems(spec)];
}

/** Source: Velero v1.18.1 `pkg/controller/backup_controller.go`. */
function scopedListProblems(spec: unknown): string[] {
  const list = (name: string): string[] => textsIn(spec, name);
  const lists = ['NamespaceScopedResources', 'ClusterScopedResources'].map((scope) => ({
    included: list(`included${scope}`),
    excluded: list(`excluded${scope}`),
  }));
  const [namespaced, clusterScoped] = lists as [(typeof lists)[0], (typeof lists)[0]];
  const problems = [
    ...validateScopedIncludesExcludes('spec: namespace-scoped resources', namespaced.included, namespaced.excluded),
    ...validateScopedIncludesExcludes('spec: cluster-scoped resources', clusterScoped.included, clusterScoped.excluded),
  ];
  const hasScopedLists = lists.some(({ included, excluded }) => included.length + excluded.length > 0);
  const { includeClusterResources } = (spec ?? {}) as { includeClusterResources?: unknown };
  const hasOthers = list('includedResources').length + list('excludedResources').length > 0;
  if (hasScopedLists && (hasOthers || includeClusterResources != null)) {
    problems.push(
      'spec: expected either includedResources, excludedResources and includeClusterResources, or the namespace-scoped and cluster-scoped lists',
    );
  }
  return problems;
}

/** Everything that is wrong with a restore's spec. */
export function validateRestoreSpec(spec: unknown): string[] {
  return [...validateSpec(spec, restoreFields), ...includesNonRestorable(spec)];
}

/** Source: Velero `pkg/controller/restore_controller.go`. */
function includesNonRestorable(spec: unknown): string[] {
  return textsIn(spec, 'includedResources')
    .filter((name) => nonRestorable.includes(name))
    .map((name) => `spec.includedResources: ${name} are never restored`);
}

function validateSpec(spec: unknown, fields: Readonly<Record<string, Check>>): string[] {
  const problems = objectOf(fields)(spec, 'spec');
  if (object(spec, 'spec').length > 0) return problems;
  const members = spec as Record<string, unknown>;
  if (members['labelSelector'] != null && members['orLabelSelectors'] != null) {
    problems.push('spec.labelSelector and spec.orLabelSelectors: expected at most one of the two');
  }
  return [...problems, ...listProblems(members, 'spec')];
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
  const lists = { includedResources: nullable(names), excludedResources: nullable(names) };
  const problems = objectOf(lists)(value, path);
  if (problems.length > 0) return problems;
  const [included, excluded] = [textsIn(value, 'includedResources'), textsIn(value, 'excludedResources')];
  return validateIncludesExcludes(`${path}: resources`, included, excluded);
}

/** Velero knows ConfigMaps alone, whatever the letter case. */
function configMapReference(value: unknown, path: string): string[] {
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const reference = { kind: undefined, name: undefined, ...(value as object) };
  return objectOf({ apiGroup: coreGroup, kind: configMapKind, name: nonEmptyText })(reference, path);
}

function coreGroup(value: unknown, path: string): string[] {
  return value == null || value === '' ? [] : [`${path}: expected none, got ${show(value)}`];
}

function configMapKind(value: unknown, path: string): string[] {
  return typeof value === 'string' && value.toLowerCase() === 'configmap'
    ? []
    : [`${path}: expected configmap, got ${show(value)}`];
}

function nonEmptyText(value: unknown, path: string): string[] {
  return typeof value === 'string' && value !== '' ? [] : [`${path}: expected a name, got ${show(value)}`];
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

function resourcePolicy(value: unknown, path: string): string[] {
  if (isEmpty(value)) return [];
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const { kind, name, apiGroup, ...others } = value as Record<string, unknown>;
  problems.push(...Object.keys(others).map((key) => `${path}.${key}: unknown field; known are kind, name`));
  if (apiGroup != null && apiGroup !== '') problems.push(`${path}.apiGroup: expected none, got ${show(apiGroup)}`);
  if (typeof kind !== 'string' || kind.toLowerCase() !== 'configmap')
    problems.push(`${path}.kind: expected configmap, got ${show(kind)}`);
  return [...problems, ...text(name, `${path}.name`)];
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
