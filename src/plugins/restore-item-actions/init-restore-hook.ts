import { createHash } from 'node:crypto';
import type { LabelSelector } from '../../api/backup.ts';
import { BowlineError } from '../../api/errors.ts';
import { cloneJson } from '../../api/json.ts';
import { targetNamespace, type Restore } from '../../api/restore.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import { parseHookCommand } from '../../selection/hook.ts';
import { includesExcludes } from '../../selection/includes-excludes.ts';
import { matchesLabels, validateLabelSelector } from '../../selection/label-selector.ts';
import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';
import { isWaitContainer } from '../wait-container.ts';

type Json = Record<string, unknown>;

const annotationPrefix = 'init.hook.restore.velero.io/';

/**
 * Puts the init containers of restore hooks before the pod's own ones: the container that the pod's annotations describe, or else
 * those of the restore's hooks whose namespaces (as they are mapped) and labels match. A container that waits for volumes stays first.
 *
 * Changes: `spec.initContainers[*]`.
 * Repeated: inserts the containers once more; an attempt that is repeated starts from the pod as it was.
 * Differs from Velero: a container that waits for restic volumes stays first like one of later versions, because the volumes have to be
 * restored before a hook uses them.
 * Differs from Velero: without the annotation `command` the image's own entrypoint runs, as its documentation says, because it panics.
 * Differs from Velero: the name made for a container without one is derived from the pod and the restore, not random, because a repeated
 * attempt has to make the same pod.
 * Source: Velero v1.18.1 `internal/hook/item_hook_handler.go`.
 */
export const initRestoreHook: RestoreItemAction = {
  name: 'velero.io/init-restore-hook',
  appliesTo: { includedResources: ['pods'] },

  async execute({ item, restore }) {
    const hooks = hooksOf(restore);
    const spec = fields.object(item, 'spec') ?? {};
    const initContainers = fields.list(spec, 'initContainers');
    const [first] = fields.objects(spec, 'initContainers');
    const added =
      annotatedContainer(item, restore) ?? hooks.filter((hook) => hook.matches(item)).flatMap(containersOfHook);
    if (added.length === 0) return { updatedItem: item };

    const waiting = first === initContainers[0] && isWaitContainer(first) ? 1 : 0;
    spec['initContainers'] = initContainers.toSpliced(waiting, 0, ...added);
    item['spec'] = spec;
    return { updatedItem: item };
  },
};

/** The container that annotations describe, alone in a list; nothing without an image. */
function annotatedContainer({ metadata }: Unstructured, restore: Restore): object[] | undefined {
  const annotations = fields.object(metadata, 'annotations') ?? {};
  const [image, name, command] = ['container-image', 'container-name', 'command'].map((key) =>
    fields.text(annotations, `${annotationPrefix}${key}`),
  ) as [string, string, string];
  if (image === '') return undefined;
  const parsed = parseHookCommand(command);
  return [{ name: name || nameFor(metadata, restore), image, ...(parsed.length > 0 && { command: parsed }) }];
}

function nameFor({ namespace = '', name }: Unstructured['metadata'], restore: Restore): string {
  const digest = createHash('sha256').update(`${restore.metadata.uid}/${namespace}/${name}`).digest('hex');
  return `velero-restore-init-${digest.slice(0, 8)}`;
}

interface Hook {
  readonly postHooks: readonly Json[];
  matches(item: Unstructured): boolean;
}

/** The restore's hooks. @throws BowlineError `InvalidSpec` for a label selector that is none, of whichever hook */
function hooksOf({ spec }: Restore): Hook[] {
  return fields.objects(fields.object(spec, 'hooks') ?? {}, 'resources').map((hook) => {
    const selector = fields.object(hook, 'labelSelector') as LabelSelector | undefined;
    const problems = selector ? validateLabelSelector(selector, 'hooks: labelSelector') : [];
    if (problems.length > 0) throw new BowlineError('InvalidSpec', problems.join('; '));
    const namespaces = includesExcludes(
      fields.list(hook, 'includedNamespaces') as string[],
      fields.list(hook, 'excludedNamespaces') as string[],
    );
    return {
      postHooks: fields.objects(hook, 'postHooks'),
      matches: ({ metadata: { namespace = '', labels } }) =>
        namespaces.includes(targetNamespace(spec, namespace)) &&
        (selector === undefined || matchesLabels(selector, labels)),
    };
  });
}

/** @throws BowlineError `InvalidSpec` for a container that lacks what Velero wants of it */
function containersOfHook({ postHooks }: Hook): object[] {
  return postHooks
    .flatMap((hook) => fields.list(fields.object(hook, 'init') ?? {}, 'initContainers'))
    .map((one) => {
      const container = fields.object({ container: one }, 'container') ?? {};
      const isComplete =
        fields.text(container, 'name') !== '' &&
        fields.text(container, 'image') !== '' &&
        fields.list(container, 'command').length > 0;
      if (isComplete) return cloneJson(container);
      throw new BowlineError(
        'InvalidSpec',
        "invalid InitContainer in restore hook, it doesn't have Command, Name or Image field",
      );
    });
}
