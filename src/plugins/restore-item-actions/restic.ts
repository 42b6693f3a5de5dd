import type { ItemLog, RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';
import { pluginConfig } from '../plugin-config.ts';
import { volumesToRestore } from '../pod-volume-backups.ts';
import { readSecurityKeys } from '../security-context.ts';
import { imageOf, waitContainer, type WaitContainerConfig } from '../wait-container.ts';

const name = 'velero.io/restic';
const tag = 'v1.6.3';

/**
 * Makes a pod wait for its volumes that restic restores, as Velero up to 1.9 does: an init container `restic-wait` comes first, or takes
 * the place of one that an earlier restore put first. Pods without such volumes pass unchanged.
 *
 * Changes: `spec.initContainers[*]`.
 * Configuration: a ConfigMap labelled `velero.io/plugin-config` and `velero.io/restic: RestoreItemAction`, with the keys `image`, `command`,
 * `cpuRequest`, `memRequest`, `cpuLimit`, `memLimit`, `secCtxRunAsUser`, `secCtxRunAsGroup`, `secCtxAllowPrivilegeEscalation`.
 * Source: Velero v1.6.3 `pkg/restore/restic_restore_action.go`.
 */
export const restic: RestoreItemAction = {
  name,
  appliesTo: { includedResources: ['pods'] },

  async execute(input) {
    const { item, restore, kubernetes, log } = input;
    const { namespace, uid: restoreUid } = restore.metadata;
    const spec = fields.object(item, 'spec') ?? {};
    const initContainers = fields.list(spec, 'initContainers');
    const [first] = fields.objects(spec, 'initContainers');
    const volumes = await volumesToRestore(input, ['projected']);
    if (volumes.length === 0) return { updatedItem: item };

    const config = (await pluginConfig({ kubernetes, namespace, kind: 'RestoreItemAction', name })) ?? {};
    const container = waitContainer({
      name: 'restic-wait',
      image: imageOf(config, tag) ?? `velero/velero-restic-restore-helper:${tag}`,
      command: '/velero-restic-restore-helper',
      securityContext: securityContextOf(config, log),
      volumes,
      restoreUid,
      config,
      log,
    });
    const replaces = first === initContainers[0] && first?.['name'] === 'restic-wait';
    spec['initContainers'] = [container, ...initContainers.slice(replaces ? 1 : 0)];
    item['spec'] = spec;
    return { updatedItem: item };
  },
};

/** What comes before a key that can't be read holds; what comes after is left out. */
function securityContextOf(config: WaitContainerConfig, log: ItemLog): object {
  const { members, unreadable } = readSecurityKeys(config);
  if (unreadable !== undefined) log.warning(`security settings are left out: ${unreadable} can't be read`);
  return members;
}
