import type { BackupHook, BackupHooks } from '../api/backup.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { HookAnnotations, hookFor, hookSource, parseHookCommand, selectsPod, type Hook } from './hook.ts';
import { includesExcludes } from './includes-excludes.ts';
import { resolveNames, type ResolveResource } from './resource-selector.ts';

/** What to run in a pod before and after its volumes are snapshotted, in order. */
export interface PodHooks {
  readonly pre: readonly Hook[];
  readonly post: readonly Hook[];
}

type Phase = 'pre' | 'post';

/** The first prefix that has a command counts, with everything under it. */
const prefixes: Readonly<Record<Phase, readonly string[]>> = {
  pre: ['pre.hook.backup.velero.io/', 'hook.backup.velero.io/'],
  post: ['post.hook.backup.velero.io/'],
};

const onError = 'Fail';

/**
 * A function that tells the hooks of a pod: of each phase the one in its annotations, or else all those of the spec's entries that
 * select it. A pod that has ended has none.
 *
 * Differs from Velero 1.18: an absent `onError` is `Fail`, as its documentation says and 1.6 does.
 * Source: Velero v1.18.1 `internal/hook/item_hook_handler.go`.
 */
export function backupHooks(
  hooks: BackupHooks | null | undefined,
  resolve: ResolveResource,
): (pod: Unstructured) => PodHooks {
  const entries = (hooks?.resources ?? []).map((entry, index) => ({
    hooks: entry,
    source: hookSource(entry, index),
    selects: selectsPod(entry),
    ofPods: includesExcludes(
      resolveNames(entry.includedResources ?? [], resolve),
      resolveNames(entry.excludedResources ?? [], resolve),
    ).includes('pods'),
  }));

  function fromSpec(pod: Unstructured, phase: Phase): Hook[] {
    return entries
      .filter(({ ofPods, selects }) => ofPods && selects(pod))
      .flatMap(({ hooks: entry, source }) =>
        (entry[phase] ?? []).flatMap(({ exec }: BackupHook) => (exec ? hookFor(pod, exec, { source, onError }) : [])),
      );
  }

  return (pod) => {
    const { phase: podPhase } = (pod['status'] ?? {}) as { phase?: unknown };
    if (podPhase === 'Succeeded' || podPhase === 'Failed') return { pre: [], post: [] };
    const hooksOf = (phase: Phase): readonly Hook[] => fromAnnotations(pod, phase) ?? fromSpec(pod, phase);
    return { pre: hooksOf('pre'), post: hooksOf('post') };
  };
}

function fromAnnotations(pod: Unstructured, phase: Phase): Hook[] | undefined {
  const annotations = prefixes[phase]
    .map((prefix) => new HookAnnotations(pod, prefix))
    .find((candidate) => candidate.text('command') !== '');
  if (annotations === undefined) return undefined;
  const written = {
    container: annotations.text('container'),
    command: parseHookCommand(annotations.text('command')),
    onError: annotations.onError,
    timeout: annotations.duration('timeout'),
  };
  return [hookFor(pod, written, { source: 'annotation', onError, warnings: annotations.warnings })];
}
