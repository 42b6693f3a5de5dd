/** In what actions differ from Velero's, by kind and name. Made from their docstrings by `npm run docs`. */
export const itemActionDifferences: Readonly<Record<string, readonly string[]>> = {
  'RestoreItemAction/velero.io/apiservice': [
    "in 1.6.3 the others are lost as well, without a word, because its restores end with an item when an action's label selector does not match; 1.18 restores them, too.",
  ],
  'RestoreItemAction/velero.io/change-image-name': [
    'rules are tried in the order of their keys, because there it is left to chance which one counts.',
  ],
  'RestoreItemAction/velero.io/change-pvc-node-selector': [
    'the configuration still has its effect, as in 1.6.3 and its documentation, because claims bound to no node would lose what was written for them; 1.18 always removes the annotation.',
  ],
  'RestoreItemAction/velero.io/init-restore-hook': [
    'a container that waits for restic volumes stays first like one of later versions, because the volumes have to be restored before a hook uses them.',
    "without the annotation `command` the image's own entrypoint runs, as its documentation says, because it panics.",
    'the name made for a container without one is derived from the pod and the restore, not random, because a repeated attempt has to make the same pod.',
  ],
  'RestoreItemAction/velero.io/pod-volume-restore': [
    'the Deployment `velero` is read only for pods that need its image, because a cluster without Velero has none and its other pods are to be restored all the same.',
  ],
  'RestoreItemAction/velero.io/pvc': [
    'the selected node is left to `velero.io/change-pvc-node-selector`, because removing it always, as 1.18 does, would void what that action is configured for.',
  ],
  'RestoreItemAction/velero.io/service-account': [
    'all of them are removed, not only the last, because any of them would point to a token of another cluster.',
  ],
};
