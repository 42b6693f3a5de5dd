import { parseGoDuration } from '../api/duration.ts';
import type { RestoreExecHook, RestoreHooks } from '../api/restore.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { HookAnnotations, hookFor, hookSource, parseHookCommand, selectsPod, type Hook } from './hook.ts';

/** A command for a container of a restored pod. */
export interface RestoredPodHook extends Hook {
  /** How long the container may take to run. Absent: no limit of its own. */
  readonly waitTimeoutMs?: number;
  /** Whether it has to be ready, not only to run. */
  readonly waitForReady: boolean;
}

/** What to run in a restored pod, in order. */
export interface RestoredPodHooks {
  readonly hooks: readonly RestoredPodHook[];
  readonly warnings: readonly string[];
}

/**
 * A function that tells the exec hooks of a pod as it was created: the one in its annotations, or else all those of the spec's
 * entries that select it. Hooks for a container that it has not got are left out, with a warning.
 *
 * Source: Velero v1.18.1 `internal/hook/item_hook_handler.go`, `wait_exec_hook_handler.go`.
 */
export function restoreHooks(hooks: RestoreHooks | null | undefined): (pod: Unstructured) => RestoredPodHooks {
  const entries = (hooks?.resources ?? []).map((entry, index) => ({
    execs: (entry.postHooks ?? []).flatMap(({ exec }) => exec ?? []),
    source: hookSource(entry, index),
    selects: selectsPod(entry),
  }));
  return (pod) => {
    const annotations = new HookAnnotations(pod, 'post.hook.restore.velero.io/');
    const found =
      annotations.text('command') === ''
        ? entries
            .filter(({ selects }) => selects(pod))
            .flatMap(({ execs, source }) => execs.map((exec) => restoreHookFor(pod, exec, source)))
        : [restoreHookFor(pod, written(annotations), 'annotation')];
    const absent = found.filter(({ problem }) => problem === 'no such container');
    return {
      hooks: found.filter((hook) => !absent.includes(hook)),
      warnings: [
        ...annotations.warnings,
        ...absent.map(({ source, container }) => `Hook ${source} is left out: the pod has no container ${container}`),
      ],
    };
  };
}

function written(annotations: HookAnnotations): RestoreExecHook {
  return {
    container: annotations.text('container'),
    command: parseHookCommand(annotations.text('command')),
    onError: annotations.onError,
    execTimeout: annotations.duration('exec-timeout'),
    waitTimeout: annotations.duration('wait-timeout'),
    waitForReady: annotations.boolean('wait-for-ready'),
  };
}

function restoreHookFor(pod: Unstructured, exec: RestoreExecHook, source: string): RestoredPodHook {
  const { execTimeout = '', waitTimeout = '', waitForReady } = exec;
  const waitTimeoutMs = parseGoDuration(waitTimeout);
  return {
    ...hookFor(pod, { ...exec, timeout: execTimeout }, { source, onError: 'Continue' }),
    ...(waitTimeoutMs && { waitTimeoutMs }),
    waitForReady: waitForReady ?? false,
  };
}
