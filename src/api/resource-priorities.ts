import type { GroupResource } from './unstructured.ts';

/** Which group-resources a restore takes first, and which last, each in the order given; the others come in between. */
export interface ResourcePriorities {
  readonly high: readonly GroupResource[];
  readonly low: readonly GroupResource[];
}

/**
 * Reads priorities as Velero's flag `--restore-resource-priorities` has them: names with commas between, `-` before those that come
 * last. `undefined` for an empty name or a second `-`. Source: Velero v1.18.1 `pkg/types/priority.go`.
 */
export function parseResourcePriorities(text: string): ResourcePriorities | undefined {
  const names = text.split(',').map((name) => name.trim());
  const separator = names.indexOf('-');
  const high = separator < 0 ? names : names.slice(0, separator);
  const low = separator < 0 ? [] : names.slice(separator + 1);
  return low.includes('-') || names.includes('') ? undefined : { high, low };
}
