import { BowlineError } from '../../api/errors.ts';
import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';
import { refuseNull } from '../refuse-null.ts';

/**
 * Lets a definition that keeps unknown fields be created: `apiextensions.k8s.io/v1` takes no `preserveUnknownFields: true`, and
 * wants each version's schema to say so instead. Definitions of other versions pass unchanged.
 *
 * Changes: `spec.preserveUnknownFields`, `spec.versions[*].schema.openAPIV3Schema.x-kubernetes-preserve-unknown-fields`.
 * Differs from Velero: names of fields count in their own letter case only, and a `name` beside `metadata` is not looked at,
 * because the API server has neither.
 * Source: Velero v1.18.1 `pkg/restore/actions/crd_v1_preserve_unknown_fields_action.go`.
 */
export const crdPreserveFields: RestoreItemAction = {
  name: 'velero.io/crd-preserve-fields',
  appliesTo: { includedResources: ['customresourcedefinition.apiextensions.k8s.io'] },

  async execute({ item }) {
    refuseNull(item, 'apiVersion');
    const spec = fields.object(item, 'spec');
    if (fields.text(item, 'apiVersion') !== 'apiextensions.k8s.io/v1' || !preservesUnknownFields(spec)) {
      return { updatedItem: item };
    }
    for (const version of fields.objects(spec, 'versions')) {
      const schema = fields.object(fields.object(version, 'schema') ?? {}, 'openAPIV3Schema');
      if (schema) schema['x-kubernetes-preserve-unknown-fields'] = true;
    }
    spec['preserveUnknownFields'] = false;
    return { updatedItem: item };
  },
};

function preservesUnknownFields(spec: Record<string, unknown> | undefined): spec is Record<string, unknown> {
  const flag = spec?.['preserveUnknownFields'] ?? false;
  if (typeof flag === 'boolean') return flag;
  throw new BowlineError('InvalidItem', `field preserveUnknownFields: expected true or false, got ${typeof flag}`);
}
