import { BowlineError, errorCode } from '../api/errors.ts';
import type { RestoreSpec } from '../api/restore.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { parseResourceModifiers, type ParsedModifiers } from '../modifiers/resource-modifiers.ts';
import type { Dependencies } from './dependencies.ts';
import { invalidSpec } from './failures.ts';
import { activitySignal } from './lease.ts';

/**
 * The resource modifiers that a restore names, from their ConfigMap in Velero's namespace. Fails with `InvalidSpec` and all problems at
 * once, each with the rule and the field. Source: Velero v1.18.1 `pkg/controller/restore_controller.go`.
 */
export async function readModifiers(
  { config, kubernetes }: Dependencies,
  { resourceModifier }: RestoreSpec,
): Promise<ParsedModifiers | undefined> {
  if (!resourceModifier) return undefined;
  const { name } = resourceModifier;
  const signal = activitySignal();
  const path = `spec.resourceModifier: ConfigMap ${config.namespace}/${name}`;
  const resource = (await kubernetes.discover({ signal })).find('configmaps');
  if (resource === undefined) throw new BowlineError('NotFound', `${path}: the cluster does not serve ConfigMaps`);
  const data = await kubernetes.get(resource, { namespace: config.namespace, name }, { signal }).then(dataOf, refused);
  const [text, ...others] = Object.values(data);
  if (typeof text !== 'string' || others.length > 0)
    throw invalidSpec([`${path}: expected one key in its data, got ${Object.keys(data).length}`]);
  const parsed = parseResourceModifiers(text);
  if (parsed.problems.length > 0) throw invalidSpec(parsed.problems.map((problem) => `${path}: ${problem}`));
  return parsed;

  function refused(error: unknown): never {
    if (errorCode(error) === 'NotFound') throw invalidSpec([`${path}: there is none`]);
    throw error;
  }
}

function dataOf(configMap: Unstructured): Readonly<Record<string, unknown>> {
  return (configMap['data'] ?? {}) as Readonly<Record<string, unknown>>;
}
