import { BowlineError, errorText, isPermanent } from '../api/errors.ts';
import { withoutContentsOf } from '../api/secret-contents.ts';
import type { BatchAnswer, HandedBatch, HandedItem, ItemAnswer, NoAnswer } from '../api/handed-batch.ts';
import type { BatchRef, Step } from '../api/run.ts';
import { openActionBatch } from './action-items.ts';
import type { Dependencies } from './dependencies.ts';
import type { ExecutedItemAction } from './execute-backup-item-action.ts';
import { mostAnswerBytes, readItemAnswers } from './item-answers.ts';
import { noMarks, takeMarks } from './item-marks.ts';
import { tellFailed, tellStopped } from './item-verdicts.ts';
import { activitySignal } from './lease.ts';
import { placeOf } from './locations.ts';
import type { BackupPlan, OpenRun, Planned, RestorePlan } from './plan.ts';
import { Report } from './report.ts';
import type { Staging } from './staging.ts';

/** What another worker was handed of a batch, and what came back. */
export interface AdoptInput extends Planned {
  readonly step: Step;
  readonly batch: BatchRef;
  readonly handed: HandedBatch;
  readonly answer: BatchAnswer | NoAnswer;
}

/** The step of a backup or restore that takes over what another worker has made of a batch. */
export interface AdoptItemsActivities {
  /**
   * Checks an answer (its digest, that every item is answered once and is the same object still, the shape of each line) and
   * makes a batch of it. One that can't be used, or none, is the action's error at each of the items that it was handed; the others
   * pass. Safe to repeat: it reads, and each attempt writes a batch of its own.
   */
  adoptItems(input: AdoptInput): Promise<ExecutedItemAction>;
}

/** The activities over a worker's dependencies. */
export function createAdoptItems(dependencies: Dependencies, openRun: OpenRun): AdoptItemsActivities {
  return {
    async adoptItems(input) {
      const { staging, plan } = await openRun<BackupPlan | RestorePlan>(input);
      const { action } = input.handed;
      const root = placeOf(dependencies.config, input.run.staging).root.length;
      const handed = await readHanded(staging, input.handed, root);
      const answers = await answersOf(input, { staging, handed, root });
      const report = new Report(dependencies.now);

      const batch = await openActionBatch(staging, input.batch, plan);
      const left: unknown[] = [];
      let index = 0;
      for (const entry of batch.items) {
        const answer = answers(index++);
        if (answer === undefined) {
          left.push(entry.asItWas);
          continue;
        }
        const { identifier, item } = entry;
        const log = report.logOf(identifier, item);
        for (const { level, message } of answer.log ?? []) log[level](message);
        if (answer.error !== undefined) {
          tellFailed({ report, plan }, { action, identifier, item }, withoutContentsOf(item)(answer.error));
        } else if (answer.skipRestore) {
          tellStopped({ report, plan }, { action, identifier, item });
        } else {
          const { skip, mustInclude } = 'restore' in plan ? noMarks : takeMarks(answer.item ?? item);
          if (skip) {
            report.info(`Excluding item: ${action} marks it`, identifier);
            continue;
          }
          report.additional(answer.additionalItems ?? [], mustInclude);
          left.push(answer.item === undefined ? entry.asItWas : entry.changedTo(answer.item));
        }
      }
      return { batch: await batch.write(input.step, left), report: await report.write(staging, input.step) };
    },
  };

  /** The answer for each item by its number; nothing for those that were not handed over. */
  async function answersOf(
    input: AdoptInput,
    { staging, handed, root }: { staging: Staging; handed: ReadonlyMap<number, HandedItem>; root: number },
  ): Promise<(index: number) => ItemAnswer | undefined> {
    const { answer } = input;
    try {
      if ('failure' in answer) throw new BowlineError('InvalidItem', answer.failure);
      const body =
        'content' in answer ? Buffer.from(answer.content, 'base64') : await read(input, answer, staging, root);
      const answers = await readItemAnswers(body, handed, input.handed.kind);
      return (index) => answers.get(index);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      const text = errorText(error);
      return (index) => (handed.has(index) ? { index, error: text } : undefined);
    }
  }

  /** Another worker's file may be of any size. */
  async function read(
    { run }: AdoptInput,
    { key, sha256, bytes }: Extract<BatchAnswer, { key: string }>,
    staging: Staging,
    root: number,
  ): Promise<Buffer> {
    const own = key.slice(root);
    const store = await dependencies.store(run.staging);
    const found = await store.statObject(own, { signal: activitySignal() });
    if (found.bytes === bytes && bytes <= mostAnswerBytes) return staging.read({ key: own, sha256, bytes });
    throw new BowlineError(
      'InvalidItem',
      `read ${store.url}/${own}: it holds ${found.bytes} bytes, not the ${bytes} that were answered, or more than ${mostAnswerBytes}`,
    );
  }
}

async function readHanded(
  staging: Staging,
  { batch: { key, sha256, bytes } }: HandedBatch,
  root: number,
): Promise<Map<number, HandedItem>> {
  const [, ...items] = (await staging.readLines({ key: key.slice(root), sha256, bytes })) as [unknown, ...HandedItem[]];
  return new Map(items.map((item) => [item.index, item]));
}
