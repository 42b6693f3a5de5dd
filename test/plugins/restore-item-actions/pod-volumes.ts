import type { Unstructured } from '../../../src/api/unstructured.ts';
import { runCase, type CaseAction, type CaseResult, type ItemActionCase } from '../../../src/cli/item-action-case.ts';
import { object } from '../../support/objects.ts';

/** What an action that makes pods wait is run on: the pod `shop/web`, and the cluster. */
export interface PodCase {
  readonly spec?: object;
  readonly annotations?: Record<string, string>;
  /** Names of the volumes that have a PodVolumeBackup. */
  readonly backedUp?: readonly string[];
  /** Data of the action's ConfigMap. */
  readonly config?: Readonly<Record<string, string>>;
  readonly others?: readonly Unstructured[];
  readonly backupName?: string;
}

/** An init container, as far as tests look into it. */
export interface InitContainer {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly resources: Readonly<Record<string, object>>;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

const label = { 'velero.io/backup-name': 'nightly' };

/** A PodVolumeBackup of the pod `shop/web`. */
export function podVolumeBackup(
  volume: string,
  fields: { readonly spec?: object; readonly status?: object } = {},
): Unstructured {
  const spec = { pod: { kind: 'Pod', namespace: 'shop', name: 'web' }, volume, ...fields.spec };
  const status = { phase: 'Completed', snapshotID: `s-${volume}`, ...fields.status };
  return object('velero.io/v1 PodVolumeBackup', `velero/nightly-${volume}`, {
    metadata: { labels: label },
    spec,
    status,
  });
}

/** Runs an action, and tells its log. */
export async function restorePod(
  action: CaseAction & { readonly name: string },
  { spec = {}, annotations, backedUp = [], config, others = [], backupName = 'nightly' }: PodCase,
): Promise<CaseResult & { readonly initContainers: readonly InitContainer[]; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const labels = { 'velero.io/plugin-config': '', [action.name]: 'RestoreItemAction' };
  const given: ItemActionCase = {
    item: object('v1 Pod', 'shop/web', { ...(annotations && { metadata: { annotations } }), spec }),
    restore: {
      apiVersion: 'velero.io/v1',
      kind: 'Restore',
      metadata: { name: 'again', namespace: 'velero', uid: 'restore-uid' },
      spec: { backupName },
    },
    cluster: [
      ...backedUp.map((volume) => podVolumeBackup(volume)),
      ...(config ? [object('v1 ConfigMap', 'velero/config', { metadata: { labels }, data: config })] : []),
      ...others,
    ],
  };
  const log = { info: () => undefined, warning: (message: string) => void warnings.push(message) };
  const result = await runCase(action, given, { log });
  const { initContainers = [] } = (result.item?.['spec'] ?? {}) as {
    readonly initContainers?: readonly InitContainer[];
  };
  return { ...result, initContainers, warnings };
}
