import { BowlineError } from '../api/errors.ts';
import type { KubernetesReader } from '../kubernetes/reader.ts';

/** Which action's configuration is wanted, and where it is looked for. */
interface PluginConfigQuery {
  readonly kubernetes: KubernetesReader;
  /** Where Velero, and its ConfigMaps, live: `restore.metadata.namespace`. */
  readonly namespace: string;
  readonly kind: 'BackupItemAction' | 'RestoreItemAction' | 'DeleteItemAction';
  /** The action's, such as `velero.io/change-storage-class`: the label that says whose configuration it is. */
  readonly name: string;
}

/**
 * The `data` of the one ConfigMap that configures an action: it has the label `velero.io/plugin-config`, of any value, and the
 * action's name as a label whose value is the action's kind. `undefined` if there is none, `{}` if it has no data.
 *
 * Source: Velero v1.18.1 `pkg/plugin/framework/common/plugin_config.go`.
 * @throws BowlineError `InvalidConfig` if there are several, or a value is no text
 */
export async function pluginConfig({
  kubernetes,
  namespace,
  kind,
  name,
}: PluginConfigQuery): Promise<Readonly<Record<string, string>> | undefined> {
  const labelSelector = `velero.io/plugin-config,${name}=${kind}`;
  const [configMap, ...others] = await kubernetes.list('configmaps', { namespace, labelSelector });
  if (configMap === undefined) return undefined;
  if (others.length > 0) {
    const names = [configMap, ...others].map(({ metadata }) => metadata.name).join(' ');
    throw new BowlineError(
      'InvalidConfig',
      `found more than one ConfigMap matching label selector "${labelSelector}": [${names}]`,
    );
  }
  const data = Object.entries((configMap['data'] ?? {}) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    data.map(([key, value = null]) => {
      if (value === null || typeof value === 'string') return [key, value ?? ''];
      throw new BowlineError(
        'InvalidConfig',
        `ConfigMap ${namespace}/${configMap.metadata.name}: key ${key}: expected text, got ${typeof value}`,
      );
    }),
  );
}
