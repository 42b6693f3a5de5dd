import { foldedFields } from '../folded-fields.ts';
import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';
import { refuseNull } from '../refuse-null.ts';

/**
 * Lets a definition that keeps unknown fields be created: `apiextensions.k8s.io/v1` takes no `preserveUnknownFields: true`, and
 * wants each version's schema to say so instead. Definitions of other versions pass unchanged. The flag is read in any letter case.
 *
 * Changes: `spec.preserveUnknownFields`, `spec.versions[*].schema.openAPIV3Schema.x-kubernetes-preserve-unknown-fields`.
 * Source: Velero v1.18.1 `pkg/restore/actions/crd_v1_preserve_unknown_fields_action.go`.
 */
export const crdPreserveFields: RestoreItemAction = {
  name: 'velero.io/crd-preserve-fields',
  appliesTo: { includedResources: ['customresourcedefinition.apiextensions.k8s.io'] },

  async execute({ item }) {
    for (const field of ['name', 'apiVersion']) refuseNull(item, field);
    fields.text(item, 'name');
    if (fields.text(item, 'apiVersion') !== 'apiextensions.k8s.io/v1') return { updatedItem: item };
    const spec = foldedFields.object(item, 'spec') ?? {};
    const versions = foldedFields.objects(spec, 'versions');
    if (!foldedFields.boolean(spec, 'preserveUnknownFields')) return { updatedItem: item };
    for (const version of versions) {
      const schema = foldedFields.object(foldedFields.object(version, 'schema') ?? {}, 'openAPIV3Schema');
      if (schema) schema['x-kubernetes-preserve-unknown-fields'] = true;
    }
    if (Object.hasOwn(spec, 'preserveUnknownFields')) spec['preserveUnknownFields'] = false;
    return { updatedItem: item };
  },
};
