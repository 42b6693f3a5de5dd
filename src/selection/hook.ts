import type { ExecHook, HookSelector } from '../api/backup.ts';
import { parseGoDuration } from '../api/duration.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { includesExcludes } from './includes-excludes.ts';
import { matchesLabels } from './label-selector.ts';

/** A command to run in a container of a pod, with every default filled in. */
export interface Hook {
  /** Where it comes from, for messages: `annotation`, or the spec's entry by name or place. */
  readonly source: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly onError: 'Continue' | 'Fail';
  readonly timeoutMs: number;
  /** What could not be read of the annotations that it comes from. Absent if all could. */
  readonly warnings?: readonly string[];
  /** Why it can't even be tried. Absent if it can. */
  readonly problem?: 'no command' | 'no such container';
}

/** Source: Velero v1.18.1 `pkg/podexec/pod_command_executor.go`. */
const defaultTimeoutMs = 30_000;

/** A hook as somebody has written it. */
export interface WrittenHook extends ExecHook {
  readonly timeout?: string;
}

/** Fills in a hook for a pod. `onError` is what an absent one means. Source: Velero v1.18.1 `internal/hook/item_hook_handler.go`. */
export function hookFor(
  pod: Unstructured,
  { container, command, onError, timeout }: WrittenHook,
  about: { readonly source: string; readonly onError: Hook['onError']; readonly warnings?: readonly string[] },
): Hook {
  const containers = containersOf(pod);
  const chosen = container || (containers[0] ?? '');
  const problem = problemOf(command, containers.includes(chosen));
  return {
    source: about.source,
    container: chosen,
    command,
    onError: onError || about.onError,
    timeoutMs: parseGoDuration(timeout ?? '') || defaultTimeoutMs,
    ...(about.warnings?.length && { warnings: about.warnings }),
    ...(problem && { problem }),
  };
}

function problemOf(command: readonly string[], containerIsThere: boolean): Hook['problem'] {
  if (!containerIsThere) return 'no such container';
  return command.length === 0 ? 'no command' : undefined;
}

/** The containers that stay: those of the pod, then its sidecars. */
function containersOf({ spec }: Unstructured): string[] {
  const { containers, initContainers } = (spec ?? {}) as { containers?: unknown; initContainers?: unknown };
  const sidecars = objectsIn(initContainers).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...objectsIn(containers), ...sidecars].flatMap(({ name }) => (typeof name === 'string' ? name : []));
}

function objectsIn(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list)
    ? list.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null)
    : [];
}

/** Whether an entry of `hooks.resources` is about a pod, as far as namespace and labels go. */
export function selectsPod(selector: HookSelector): (pod: Unstructured) => boolean {
  const { includedNamespaces, excludedNamespaces, labelSelector } = selector;
  const namespaces = includesExcludes(includedNamespaces ?? [], excludedNamespaces ?? []);
  return ({ metadata: { namespace = '', labels } }) =>
    namespaces.includes(namespace) && matchesLabels(labelSelector ?? {}, labels);
}

/** The name of an entry of `hooks.resources`, or its place. */
export function hookSource({ name }: HookSelector, index: number): string {
  return name || `hooks.resources[${index}]`;
}

/**
 * A command as annotations hold it: a JSON list of texts, or else a single program, without any shell. Go reads a `null` in the
 * list as the empty text.
 */
export function parseHookCommand(text: string): string[] {
  if (text === '') return [];
  try {
    const parsed: unknown = text.startsWith('[') ? JSON.parse(text) : undefined;
    if (Array.isArray(parsed) && parsed.every((one) => one === null || typeof one === 'string'))
      return parsed.map((one) => one ?? '');
  } catch {
    // Not JSON, so it is a program whose name begins with a bracket.
  }
  return [text];
}

/** What a pod's annotations of one prefix say, and what could not be read of it. */
export class HookAnnotations {
  readonly warnings: string[] = [];
  readonly #prefix: string;
  readonly #annotations: Readonly<Record<string, unknown>>;

  constructor({ metadata }: Unstructured, prefix: string) {
    this.#prefix = prefix;
    this.#annotations = metadata.annotations ?? {};
  }

  /** `''` if it is absent. */
  text(key: string): string {
    const value = this.#annotations[`${this.#prefix}${key}`];
    return typeof value === 'string' ? value : '';
  }

  /** Anything but the two words means the default. */
  get onError(): '' | Hook['onError'] {
    const word = this.text('on-error');
    return word === 'Continue' || word === 'Fail' ? word : '';
  }

  /** `''`, with a warning, for what is no duration. */
  duration(key: string): string {
    const text = this.text(key);
    if (text === '' || (parseGoDuration(text) ?? -1) >= 0) return text;
    return this.#unread(key, 'is no duration; the default is taken');
  }

  /** As Go reads it; `false`, with a warning, for what is neither. */
  boolean(key: string): boolean {
    const text = this.text(key);
    if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
    if (!/^(|0|f|F|false|FALSE|False)$/.test(text)) this.#unread(key, 'is neither true nor false; false is taken');
    return false;
  }

  #unread(key: string, what: string): '' {
    this.warnings.push(`Annotation ${this.#prefix}${key} ${what}`);
    return '';
  }
}
