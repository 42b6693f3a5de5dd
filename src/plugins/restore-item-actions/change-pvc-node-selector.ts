import { BowlineError, errorCode } from '../../api/errors.ts';
import type { KubernetesReader } from '../../kubernetes/reader.ts';
import type { RestoreItemAction } from '../item-action.ts';
import { pluginConfig } from '../plugin-config.ts';

const name = 'velero.io/change-pvc-node-selector';
const selectedNode = 'volume.kubernetes.io/selected-node';

/**
 * Gives a claim whose node was selected the node that the configuration maps it to, whether that one exists or not. A node without
 * a mapping stays if it exists; else the annotation goes, so that the scheduler selects anew.
 *
 * Changes: `metadata.annotations['volume.kubernetes.io/selected-node']`.
 * Configuration: each key is a node of the old cluster, its value one of the new cluster.
 * Repeated: maps the new node as well, if the configuration does, and looks whether it exists, if not.
 * Differs from Velero: the configuration still has its effect, as in 1.6.3 and its documentation, because claims bound to
 * no node would lose what was written for them; 1.18 always removes the annotation.
 * Source: Velero v1.6.3 `pkg/restore/change_pvc_node_selector.go`.
 */
export const changePvcNodeSelector: RestoreItemAction = {
  name,
  appliesTo: { includedResources: ['persistentvolumeclaims'] },

  async execute({ item, restore, kubernetes }) {
    const { annotations } = item.metadata;
    if (!isMapOfText(annotations) || !Object.hasOwn(annotations, selectedNode)) return { updatedItem: item };

    const { namespace } = restore.metadata;
    const nodes = (await pluginConfig({ kubernetes, namespace, kind: 'RestoreItemAction', name })) ?? {};
    const node = annotations[selectedNode]!;
    const mapped = Object.hasOwn(nodes, node) ? nodes[node]! : '';
    if (mapped !== '') annotations[selectedNode] = mapped;
    else if (!(await nodeExists(node, kubernetes))) delete annotations[selectedNode];
    if (Object.keys(annotations).length === 0) delete item.metadata.annotations;
    return { updatedItem: item };
  },
};

/** Velero reads no annotation at all of a map in which one is no text. */
function isMapOfText(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string');
}

async function nodeExists(node: string, kubernetes: KubernetesReader): Promise<boolean> {
  if (node === '') throw new BowlineError('InvalidItem', `annotation ${selectedNode}: expected a node, got no text`);
  try {
    await kubernetes.get({ groupResource: 'nodes', namespace: '', name: node });
    return true;
  } catch (error) {
    if (errorCode(error) === 'NotFound') return false;
    throw error;
  }
}
