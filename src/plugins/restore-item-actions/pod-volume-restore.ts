import { errorText } from '../../api/errors.ts';
import { cloneJson } from '../../api/json.ts';
import type { KubernetesReader } from '../../kubernetes/reader.ts';
import type { ItemLog, RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';
import { pluginConfig } from '../plugin-config.ts';
import { volumesToRestore } from '../pod-volume-backups.ts';
import { parseSecurityContext, readSecurityKeys, withoutNulls } from '../security-context.ts';
import { imageOf, isWaitContainer, waitContainer, type WaitContainerConfig } from '../wait-container.ts';

type Json = Record<string, unknown>;

const name = 'velero.io/pod-volume-restore';

/** The level "restricted" of Kubernetes' Pod Security Standards. */
const restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
  runAsUser: 1000,
  runAsNonRoot: true,
};

/**
 * Makes a pod wait for its volumes that are restored from a backup of their files: an init container `restore-wait` comes first. Those of
 * earlier restores go, `restic-wait` too, for nobody would end their wait.
 *
 * Changes: `spec.initContainers[*]`.
 * Configuration: a ConfigMap labelled `velero.io/plugin-config` and `velero.io/pod-volume-restore: RestoreItemAction`, with the keys `image`,
 * `command`, `cpuRequest`, `memRequest`, `cpuLimit`, `memLimit`, `secCtx` (a whole security context), `secCtxRunAsUser`, `secCtxRunAsGroup`,
 * `secCtxAllowPrivilegeEscalation`. Without `image` the container runs the image of Velero's own Deployment.
 * Differs from Velero: the Deployment `velero` is read only for pods that need its image, because a cluster without Velero has none and its
 * other pods are to be restored all the same.
 * Source: Velero v1.18.1 `pkg/restore/actions/pod_volume_restore_action.go`.
 */
export const podVolumeRestore: RestoreItemAction = {
  name,
  appliesTo: { includedResources: ['pods'] },

  async execute(input) {
    const { item, restore, kubernetes, log } = input;
    const { namespace, uid: restoreUid } = restore.metadata;
    const spec = fields.object(item, 'spec') ?? {};
    const waiting = fields.objects(spec, 'initContainers').filter(isWaitContainer);
    const others = fields.list(spec, 'initContainers').filter((container) => !isWaitContainer(container));
    if (waiting.length > 0) spec['initContainers'] = others;
    const volumes = await volumesToRestore(input, ['projected', 'downwardAPI']);
    if (volumes.length === 0) return { updatedItem: item };

    const config = (await pluginConfig({ kubernetes, namespace, kind: 'RestoreItemAction', name })) ?? {};
    const container = waitContainer({
      name: 'restore-wait',
      image: imageOf(config, 'v1.18.1') ?? (await imageOfVelero(kubernetes, namespace)),
      command: '/velero-restore-helper',
      securityContext: configuredSecurityContext(config, log) ?? securityContextOf(spec) ?? cloneJson(restricted),
      volumes,
      restoreUid,
      config,
      log,
    });
    spec['initContainers'] = [container, ...others];
    item['spec'] = spec;
    return { updatedItem: item };
  },
};

async function imageOfVelero(kubernetes: KubernetesReader, namespace: string): Promise<string> {
  const deployment = await kubernetes.get({ groupResource: 'deployments.apps', namespace, name: 'velero' });
  const template = fields.object(fields.object(deployment, 'spec') ?? {}, 'template') ?? {};
  const [container = {}] = fields.objects(fields.object(template, 'spec') ?? {}, 'containers');
  return fields.text(container, 'image');
}

/** Nothing if the configuration says nothing of it, or nothing that can be read. */
function configuredSecurityContext(config: WaitContainerConfig, log: ItemLog): object | undefined {
  const { members, unreadable } = readSecurityKeys(config);
  if (unreadable !== undefined) {
    log.warning(`the configured security settings are not used: ${unreadable} can't be read`);
    return undefined;
  }
  if (!config['secCtx']) return Object.keys(members).length > 0 ? members : undefined;
  try {
    return withoutNulls({ ...members, ...parseSecurityContext(config['secCtx']) });
  } catch (error) {
    log.warning(`the configured security settings are not used: secCtx: ${errorText(error)}`);
    return undefined;
  }
}

/** What the pod's first container runs with: it may read the volumes. */
function securityContextOf(spec: Json): object | undefined {
  const containers = fields.list(spec, 'containers').slice(0, 1);
  const [first = {}] = fields.objects({ containers }, 'containers');
  return cloneJson(fields.object(first, 'securityContext'));
}
