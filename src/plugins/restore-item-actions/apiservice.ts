import type { RestoreItemAction } from '../item-action.ts';

/**
 * Leaves out the APIServices that a cluster makes by itself, for its own groups and for those of custom resources. Others are
 * restored.
 *
 * Changes: nothing.
 * Differs from Velero: in 1.6.3 the others are lost as well, without a word, because its restores end with an item when an action's
 * label selector does not match; 1.18 restores them, too.
 * Source: Velero v1.18.1 `pkg/restore/actions/apiservice_action.go`.
 */
export const apiservice: RestoreItemAction = {
  name: 'velero.io/apiservice',
  appliesTo: { includedResources: ['apiservices'], labelSelector: 'kube-aggregator.kubernetes.io/automanaged' },

  async execute({ item }) {
    return { updatedItem: item, skipRestore: true };
  },
};
