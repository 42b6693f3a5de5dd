import { errorText } from '../api/errors.ts';
import { cloneJson, type JsonObject, type JsonValue } from '../api/json.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import { includesExcludes } from '../selection/includes-excludes.ts';
import { matchesLabels } from '../selection/label-selector.ts';
import { applyMergePatch } from './json-merge-patch.ts';
import { applyJsonPatch } from './json-patch.ts';
import { mergeRulesOf } from './merge-keys.ts';
import { compileGroupResource, compileRegex } from './patterns.ts';
import type { ModifierConditions, ModifierRule, ResourceModifiers } from './resource-modifiers.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

/** An item after its modifiers. */
export interface ModifiedItem {
  readonly item: Unstructured;
  /** How many rules changed it. */
  readonly applied: number;
  /** Rules that could not be applied, each with the reason; the item is as if they were not there. */
  readonly problems: readonly string[];
}

/** Applies rules to one item, its namespace still that of the backup. The item itself is left alone. */
export type Modify = (groupResource: GroupResource, item: Unstructured) => ModifiedItem;

/** A function that applies rules that have been validated. Source: Velero v1.18.1 `internal/resourcemodifiers/resource_modifiers.go`. */
export function compileModifiers({ rules }: ResourceModifiers): Modify {
  const compiled = rules.map((rule) => ({ rule, concerns: compileConditions(rule.conditions) }));
  return (groupResource, original) => {
    let item = original;
    let applied = 0;
    const problems: string[] = [];
    for (const [index, { rule, concerns }] of compiled.entries()) {
      if (!concerns(groupResource, original)) continue;
      const outcome = applyRule(rule, item);
      if (typeof outcome === 'string') problems.push(`resourceModifierRules[${index}]: ${outcome}`);
      if (typeof outcome !== 'object') continue;
      item = outcome;
      applied++;
    }
    return { item, applied, problems };
  };
}

function compileConditions(conditions: ModifierConditions): (groupResource: string, item: Unstructured) => boolean {
  const { labelSelector, matches } = conditions;
  const resources = compileGroupResource(conditions.groupResource);
  const names = compileRegex(conditions.resourceNameRegex ?? '');
  const namespaces = includesExcludes(conditions.namespaces, []);
  return (groupResource, item) => {
    const { name, namespace, labels } = item.metadata;
    return (
      (namespace === undefined || namespaces.includes(namespace)) &&
      resources(groupResource) &&
      names(name) &&
      (labelSelector === undefined || matchesLabels(labelSelector, labels)) &&
      applyJsonPatch(item as unknown as JsonValue, matches).done
    );
  };
}

/** The item changed, the reason why it can't be, or `undefined` if a `test` says that it is not to be. */
function applyRule(rule: ModifierRule, item: Unstructured): Unstructured | string | undefined {
  let document = item as unknown as JsonValue;
  if (rule.patches.length > 0) {
    const outcome = applyJsonPatch(document, rule.patches);
    if (!outcome.done) return outcome.isTest ? undefined : outcome.reason;
    document = outcome.document;
  }
  for (const patch of rule.mergePatches) document = applyMergePatch(document, patch);
  if (rule.strategicPatches.length > 0) {
    const rules = mergeRulesOf(item);
    if (rules === undefined)
      return `${item.apiVersion} ${item.kind} is no kind of Kubernetes itself, so that it has no strategic merge; use mergePatches`;
    try {
      for (const patch of rule.strategicPatches)
        document = applyStrategicMergePatch(document as JsonObject, patch, rules);
    } catch (error) {
      return errorText(error);
    }
  }
  return isKubernetesObject(document) ? cloneJson(document) : 'it would leave no Kubernetes object with a name';
}

function isKubernetesObject(value: unknown): value is Unstructured {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<Unstructured>;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
}
