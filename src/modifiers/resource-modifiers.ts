import type { LabelSelector } from '../api/backup.ts';
import type { JsonObject } from '../api/json.ts';
import { labelSelector, listOf, object, show, text, type Check } from '../selection/checks.ts';
import { validateIncludesExcludes } from '../selection/includes-excludes.ts';
import { isPointer, operationNames, type PatchOperation } from './json-patch.ts';
import { compileGroupResource, compileRegex } from './patterns.ts';
import { parseYaml, patchValue } from './patch-data.ts';

/** Rules by which a restore changes items before it creates them. Source: Velero v1.18.1 `internal/resourcemodifiers`. */
export interface ResourceModifiers {
  readonly rules: readonly ModifierRule[];
}

/** A rule: which items it concerns, and patches of one kind that are applied one after the other. */
export interface ModifierRule {
  readonly conditions: ModifierConditions;
  readonly patches: readonly PatchOperation[];
  readonly mergePatches: readonly JsonObject[];
  readonly strategicPatches: readonly JsonObject[];
}

/** All of them have to hold, of the item as it was before any rule changed it. */
export interface ModifierConditions {
  /** A glob whose `*` stops at dots. */
  readonly groupResource: string;
  /** Go's grammar (RE2); found anywhere in the name. */
  readonly resourceNameRegex?: string;
  /** Names or globs of namespaces as they were at the backup. Default all; cluster-scoped items pass. */
  readonly namespaces: readonly string[];
  readonly labelSelector?: LabelSelector;
  /** Values that the item has to have. */
  readonly matches: readonly PatchOperation[];
}

/** What a text was read as. */
export interface ParsedModifiers {
  readonly modifiers: ResourceModifiers;
  /** Everything that is wrong, each with the rule and the field. */
  readonly problems: readonly string[];
  /** What has no effect. */
  readonly remarks: readonly string[];
}

const ruleFields = ['conditions', 'patches', 'mergePatches', 'strategicPatches'];
const conditionFields = ['groupResource', 'resourceNameRegex', 'namespaces', 'labelSelector', 'matches'];

type Members = Readonly<Record<string, unknown>>;

/** Reads the rules of Velero's ConfigMap, in version `v1`. */
export function parseResourceModifiers(source: string): ParsedModifiers {
  const problems: string[] = [];
  const remarks: string[] = [];
  const nothing = { modifiers: { rules: [] }, problems, remarks };
  const parsed = parseYaml(source);
  if ('problem' in parsed) problems.push(parsed.problem);
  else problems.push(...object(parsed.value, 'resource modifiers'));
  if (problems.length > 0 || 'problem' in parsed) return nothing;

  const { version, resourceModifierRules: rules, ...others } = parsed.value as Members;
  problems.push(...unknownFields(others, '', ['version', 'resourceModifierRules']));
  if (typeof version !== 'string' || version.toLowerCase() !== 'v1')
    problems.push(`version: expected v1, got ${show(version)}`);
  if (!Array.isArray(rules) || rules.length === 0) {
    problems.push(`resourceModifierRules: expected a list of rules, got ${show(rules)}`);
    return nothing;
  }
  const read = rules.map((rule, index) => {
    const path = `resourceModifierRules[${index}]`;
    const wrong = [...object(rule, path), ...ruleProblems(rule as Members | null, path)];
    problems.push(...wrong);
    if (wrong.length > 0) return undefined;
    remarks.push(...ruleRemarks(rule as Members, path));
    return readRule(rule as Members);
  });
  return { modifiers: { rules: read.filter((rule) => rule !== undefined) }, problems, remarks };
}

function ruleProblems(rule: Members | null, path: string): string[] {
  if (object(rule, path).length > 0) return [];
  const { conditions, patches = [], mergePatches = [], strategicPatches = [], ...others } = rule!;
  const isEmpty = [patches, mergePatches, strategicPatches].every((list) => Array.isArray(list) && list.length === 0);
  return [
    ...unknownFields(others, path, ruleFields),
    ...object(conditions, `${path}.conditions`),
    ...conditionProblems((conditions ?? {}) as Members, `${path}.conditions`),
    ...(isEmpty ? [`${path}: expected patches, mergePatches or strategicPatches`] : []),
    ...listOf(operation)(patches, `${path}.patches`),
    ...listOf(patchData)(mergePatches, `${path}.mergePatches`),
    ...listOf(patchData)(strategicPatches, `${path}.strategicPatches`),
  ];
}

function ruleRemarks(rule: Members, path: string): string[] {
  const [first, ...ignored] = ruleFields.slice(1).filter((kind) => ((rule[kind] ?? []) as unknown[]).length > 0);
  return ignored.map((kind) => `${path}.${kind}: not applied, since the rule has ${first}`);
}

function conditionProblems(conditions: Members, path: string): string[] {
  const { groupResource, resourceNameRegex = '', namespaces = [], matches = [], ...others } = conditions;
  const { labelSelector: selector = {}, ...unknown } = others;
  const namespaceProblems = listOf(text)(namespaces, `${path}.namespaces`);
  return [
    ...unknownFields(unknown, path, conditionFields),
    ...(groupResource === undefined || groupResource === ''
      ? [`${path}.groupResource: missing; expected a name such as deployments.apps, or a glob`]
      : compiled(groupResource, `${path}.groupResource`, compileGroupResource)),
    ...(resourceNameRegex === '' ? [] : compiled(resourceNameRegex, `${path}.resourceNameRegex`, compileRegex)),
    ...(namespaceProblems.length > 0
      ? namespaceProblems
      : validateIncludesExcludes(`${path}.namespaces`, namespaces as string[])),
    ...labelSelector(selector, `${path}.labelSelector`),
    ...listOf(match)(matches, `${path}.matches`),
  ];
}

function compiled(value: unknown, path: string, compile: (pattern: string) => unknown): string[] {
  const problems = text(value, path);
  if (problems.length > 0) return problems;
  try {
    compile(value as string);
    return [];
  } catch (error) {
    return [`${path}: ${JSON.stringify(value)} is no pattern: ${(error as Error).message}`];
  }
}

const match: Check = (value, path) => {
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const { path: pointer, value: expected = '', ...others } = value as Members;
  return [
    ...unknownFields(others, path, ['path', 'value']),
    ...pointerProblems(pointer, `${path}.path`),
    ...valueProblems(expected, `${path}.value`),
  ];
};

const operation: Check = (value, path) => {
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const { operation: name, path: pointer, from = '', value: operand = '', ...others } = value as Members;
  const known = typeof name === 'string' && operationNames.find((one) => one === name.toLowerCase());
  const takesFrom = known === 'move' || known === 'copy';
  return [
    ...unknownFields(others, path, ['operation', 'from', 'path', 'value']),
    ...(known ? [] : [`${path}.operation: expected one of ${operationNames.join(', ')}, got ${show(name)}`]),
    ...pointerProblems(pointer, `${path}.path`),
    ...(takesFrom ? pointerProblems(from, `${path}.from`) : text(from, `${path}.from`)),
    ...valueProblems(operand, `${path}.value`),
  ];
};

const patchData: Check = (value, path) => {
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const { patchData: data, ...others } = value as Members;
  problems.push(...unknownFields(others, path, ['patchData']), ...text(data, `${path}.patchData`));
  if (problems.length > 0) return problems;
  const parsed = parseYaml(data as string);
  return 'problem' in parsed ? [`${path}.patchData: ${parsed.problem}`] : object(parsed.value, `${path}.patchData`);
};

function pointerProblems(pointer: unknown, path: string): string[] {
  return typeof pointer === 'string' && isPointer(pointer)
    ? []
    : [`${path}: expected a path such as /spec/replicas, got ${show(pointer)}`];
}

function valueProblems(value: unknown, path: string): string[] {
  if (typeof value !== 'string') return [`${path}: expected text, got ${show(value)}; put it in quotes`];
  return patchValue(value) === undefined ? [`${path}: it begins like a JSON object or list, and is none`] : [];
}

function unknownFields(others: Members, path: string, known: readonly string[]): string[] {
  return Object.keys(others).map(
    (name) => `${path === '' ? '' : `${path}.`}${name}: unknown field; known are ${known.join(', ')}`,
  );
}

/** Velero applies the patches of one kind, the first that a rule has. */
function readRule(rule: Members): ModifierRule {
  const {
    conditions,
    patches = [],
    mergePatches = [],
    strategicPatches = [],
  } = rule as {
    readonly conditions: Members;
    readonly patches?: readonly { operation: string; path: string; from?: string; value?: string }[];
    readonly mergePatches?: readonly { patchData: string }[];
    readonly strategicPatches?: readonly { patchData: string }[];
  };
  const {
    matches = [],
    namespaces = [],
    resourceNameRegex,
    ...others
  } = conditions as unknown as {
    readonly groupResource: string;
    readonly labelSelector?: LabelSelector;
    readonly resourceNameRegex?: string;
    readonly namespaces?: readonly string[];
    readonly matches?: readonly { path: string; value?: string }[];
  };
  const hasPatches = patches.length > 0;
  return {
    conditions: {
      ...others,
      ...(resourceNameRegex && { resourceNameRegex }),
      namespaces,
      matches: matches.map(({ path, value = '' }) => ({ op: 'test', path, value: patchValue(value)! })),
    },
    patches: patches.map(({ operation: name, path, from, value = '' }) => ({
      op: name.toLowerCase() as PatchOperation['op'],
      path,
      ...(from && { from }),
      value: patchValue(value)!,
    })),
    mergePatches: hasPatches ? [] : mergePatches.map(dataOf),
    strategicPatches: hasPatches || mergePatches.length > 0 ? [] : strategicPatches.map(dataOf),
  };
}

function dataOf({ patchData: data }: { readonly patchData: string }): JsonObject {
  return (parseYaml(data) as { readonly value: JsonObject }).value;
}
