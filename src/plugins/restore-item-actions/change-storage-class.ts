import { BowlineError } from '../../api/errors.ts';
import type { RestoreItemAction, RestoreItemActionInput } from '../item-action.ts';
import { fields } from '../item-fields.ts';
import { pluginConfig } from '../plugin-config.ts';
import { refuseNull } from '../refuse-null.ts';

type Json = Record<string, unknown>;

const name = 'velero.io/change-storage-class';

/**
 * Gives volumes, claims, and the claim templates of StatefulSets the storage class that the configuration maps theirs to. The new
 * class must exist, else the item fails. The beta annotation for a class is not looked at.
 *
 * Changes: `spec.storageClassName`, `spec.volumeClaimTemplates[*].spec.storageClassName`.
 * Configuration: each key is a storage class of the old cluster, its value one of the new cluster.
 * Repeated: maps the new class as well, if the configuration does.
 * Source: Velero v1.18.1 `pkg/restore/actions/change_storageclass_action.go`.
 */
export const changeStorageClass: RestoreItemAction = {
  name,
  appliesTo: { includedResources: ['persistentvolumeclaims', 'persistentvolumes', 'statefulsets'] },

  async execute(input) {
    const { item, restore, kubernetes } = input;
    const { namespace } = restore.metadata;
    const classes = await pluginConfig({ kubernetes, namespace, kind: 'RestoreItemAction', name });
    if (classes === undefined || Object.keys(classes).length === 0) return { updatedItem: item };
    for (const spec of specsOf(item)) await changeClass(spec, classes, input);
    return { updatedItem: item };
  },
};

/** Where the item names a class. */
function specsOf(item: RestoreItemActionInput['item']): Json[] {
  const spec = fields.object(item, 'spec') ?? {};
  if (item.kind === 'StatefulSet')
    return fields.objects(spec, 'volumeClaimTemplates').map((template) => fields.object(template, 'spec') ?? {});
  refuseNull(spec, 'storageClassName');
  return [spec];
}

async function changeClass(
  spec: Json,
  classes: Readonly<Record<string, string>>,
  { kubernetes }: RestoreItemActionInput,
): Promise<void> {
  const old = fields.text(spec, 'storageClassName');
  if (old === '' || !Object.hasOwn(classes, old)) return;
  const changed = classes[old]!;
  if (changed === '')
    throw new BowlineError('InvalidConfig', `ConfigMap of ${name}: key ${old}: expected a storage class, got no text`);
  await kubernetes.get({ groupResource: 'storageclasses.storage.k8s.io', namespace: '', name: changed });
  spec['storageClassName'] = changed;
}
