import type { RestoreItemAction } from '../item-action.ts';
import { fields, removeTexts } from '../item-fields.ts';

/** By these labels a job and its pods knew each other; the new cluster gives them new ones. */
const uidLabels = ['controller-uid', 'batch.kubernetes.io/controller-uid'];

/**
 * Frees a job of the labels that the old cluster had made for it, in its selector and in the template of its pods. Expressions of the
 * selector stay.
 *
 * Changes: `spec.selector.matchLabels['controller-uid']`, `spec.selector.matchLabels['batch.kubernetes.io/controller-uid']`,
 * `spec.template.metadata.labels['controller-uid']`, `spec.template.metadata.labels['batch.kubernetes.io/controller-uid']`.
 * Source: Velero v1.18.1 `pkg/restore/actions/job_action.go`.
 */
export const job: RestoreItemAction = {
  name: 'velero.io/job',
  appliesTo: { includedResources: ['jobs'] },

  async execute({ item }) {
    removeTexts(objectAt(item, ['spec', 'selector', 'matchLabels']), uidLabels);
    removeTexts(objectAt(item, ['spec', 'template', 'metadata', 'labels']), uidLabels);
    return { updatedItem: item };
  },
};

function objectAt(item: object, path: readonly string[]): Record<string, unknown> {
  return path.reduce<Record<string, unknown>>((at, field) => fields.object(at, field) ?? {}, item as never);
}
