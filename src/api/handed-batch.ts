import type { RunRef, StagedRef, Step } from './run.ts';
import type { ResourceIdentifier, Unstructured } from './unstructured.ts';

/** Velero's names of the kinds of actions that another Temporal worker may run. */
export type HandedKind = 'BackupItemAction' | 'RestoreItemAction';

/** All of them. */
export const handedKinds: readonly HandedKind[] = ['BackupItemAction', 'RestoreItemAction'];

/** The most that a payload transport's content may have, in characters of base64. */
export const mostContent: number = 1024 * 1024;

/**
 * What the activity `executeItemAction` of another worker is handed: one action, and one batch to run it over. docs/plugins.md tells
 * the whole contract. A batch is gzipped JSON lines: a `BatchHeader`, then one `HandedItem` each.
 */
export interface HandedBatch {
  readonly version: 1;
  readonly kind: HandedKind;
  /** The action's name. */
  readonly action: string;
  readonly run: Pick<RunRef, 'kind' | 'name' | 'uid'>;
  /** Lines after the header. */
  readonly items: number;
  /** Where the batch lies. Keys are the bucket's own: they begin with the location's prefix, if it has one. */
  readonly batch: StagedRef & { readonly location: string; readonly provider: string; readonly bucket: string };
  /** An attempt writes its answer into the same bucket, under this and its own number, such as `1`. */
  readonly answerPrefix: string;
  /** The batch itself, in base64, where the action's transport is `payload`; the answer then comes that way, too. */
  readonly content?: string;
}

/** The first line of a batch. */
export interface BatchHeader {
  readonly version: 1;
  readonly kind: HandedKind;
  readonly action: string;
  /** The Backup that is being made, or the Restore, as Velero has them. */
  readonly backup?: object;
  readonly restore?: object;
}

/** A line of a batch: an item, for the action to run on. */
export interface HandedItem extends ResourceIdentifier {
  /** The item's number in the batch that it was taken from: its answer bears the same. */
  readonly index: number;
  /** As the action before has left it. When it is restored: metadata reduced, status removed, namespace still the original one. */
  readonly item: Unstructured;
  /** As it was in the backup; when it is restored. */
  readonly itemFromBackup?: Unstructured;
}

/** A line of an answer. Without any member but `index`, the item stays as it is. */
export interface ItemAnswer {
  readonly index: number;
  /** The item as the action leaves it; still the same object. Default: unchanged. */
  readonly item?: Unstructured;
  /** Backed up as well, or restored before. Default none. */
  readonly additionalItems?: readonly ResourceIdentifier[];
  /** Leaves the item out of a restore, silently. Default `false`. */
  readonly skipRestore?: boolean;
  /** Why the action failed at the item, which is then left out and reported. */
  readonly error?: string;
  /** Lines for the run's log file. Default none. */
  readonly log?: readonly { readonly level: 'info' | 'warning'; readonly message: string }[];
}

/** What an attempt answers: where its answers lie, or they themselves. They are gzipped JSON lines, one for each item, in any order. */
export type BatchAnswer = StagedRef | { readonly content: string };

/** An answer that can't be used, and why. */
export interface NoAnswer {
  readonly failure: string;
}

/**
 * Reads what a worker has answered, which may be anything at all. The result is small, but for a `content` that is allowed to be
 * there, so that it may go on as an activity's input.
 */
export function readBatchAnswer(answer: unknown, { answerPrefix, content }: HandedBatch): BatchAnswer | NoAnswer {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    const what = answer === null ? 'null' : typeof answer;
    return { failure: `it answered with ${Array.isArray(answer) ? 'a list' : what}; expected an object` };
  }
  const given = answer as Record<string, unknown>;
  if (typeof given['unreadable'] === 'string')
    return { failure: `it answered in an encoding that can't be read (${given['unreadable'].slice(0, 100)})` };
  if (content !== undefined) {
    if (typeof given['content'] === 'string' && given['content'].length <= mostContent)
      return { content: given['content'] };
    return { failure: `it answered without "content" of at most ${mostContent} characters of base64` };
  }
  const { key, sha256, bytes } = given;
  if (
    typeof key !== 'string' ||
    !key.startsWith(answerPrefix) ||
    !/^[1-9]\d{0,8}$/.test(key.slice(answerPrefix.length))
  )
    return { failure: 'it answered without a "key" that is answerPrefix and the number of its attempt' };
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    return { failure: 'it answered without a "sha256" in lower-case hex' };
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0)
    return { failure: 'it answered without "bytes", the size of what it wrote' };
  return { key, sha256, bytes };
}

const handedPrefix = 'handed-over-';

/** The id of the activity in which another worker runs a step. Its payloads alone are another party's. */
export function handedActivityId(step: Step): string {
  return `${handedPrefix}${step}`;
}

/** Whether a payload comes from, or goes to, such an activity. */
export function isHandedActivity(
  context: { readonly type: string; readonly activityId?: string } | undefined,
): boolean {
  return context?.type === 'activity' && (context.activityId?.startsWith(handedPrefix) ?? false);
}
