import type { RestoreItemAction } from '../item-action.ts';
import { fields, removeTexts } from '../item-fields.ts';

/**
 * Frees a pod of what binds it to the old cluster: its node, the priority computed from its class, and the token volumes that were
 * mounted for its service account. Its PriorityClass comes first.
 *
 * Changes: `spec.nodeName`, `spec.priority`, `spec.volumes[*]`, `spec.containers[*].volumeMounts[*]`,
 * `spec.initContainers[*].volumeMounts[*]`.
 * Source: Velero v1.18.1 `pkg/restore/actions/pod_action.go`.
 */
export const pod: RestoreItemAction = {
  name: 'velero.io/pod',
  appliesTo: { includedResources: ['pods'] },

  async execute({ item }) {
    const spec = fields.object(item, 'spec');
    if (spec === undefined) return { updatedItem: item };
    removeTexts(spec, ['nodeName']);
    delete spec['priority'];

    const tokenPrefix = `${fields.text(spec, 'serviceAccountName')}-token-`;
    withoutTokens(spec, 'volumes', tokenPrefix);
    for (const containers of ['containers', 'initContainers']) {
      for (const container of fields.objects(spec, containers)) withoutTokens(container, 'volumeMounts', tokenPrefix);
    }
    const name = fields.text(spec, 'priorityClassName');
    if (name === '') return { updatedItem: item };
    return {
      updatedItem: item,
      additionalItems: [{ groupResource: 'priorityclasses.scheduling.k8s.io', namespace: '', name }],
    };
  },
};

function withoutTokens(parent: Record<string, unknown>, field: string, tokenPrefix: string): void {
  const tokens = new Set<unknown>(
    fields.objects(parent, field).filter((entry) => fields.text(entry, 'name').startsWith(tokenPrefix)),
  );
  if (tokens.size > 0) parent[field] = fields.list(parent, field).filter((entry) => !tokens.has(entry));
}
