import { activityInfo } from '@temporalio/activity';
import { mostContent, type BatchHeader, type HandedBatch, type HandedItem } from '../api/handed-batch.ts';
import type { BatchRef, PlannedWorker, Step } from '../api/run.ts';
import { resolveSelector } from '../selection/resource-selector.ts';
import { openActionBatch } from './action-items.ts';
import type { Dependencies } from './dependencies.ts';
import { activitySignal } from './lease.ts';
import { placeOf } from './locations.ts';
import type { BackupPlan, OpenRun, Planned, RestorePlan } from './plan.ts';
import { stagingPrefix } from './staging.ts';

/** An action that another worker runs, and the batch to run it over. */
export interface HandOverInput extends Planned {
  readonly step: Step;
  /** The action's name. */
  readonly action: string;
  readonly worker: PlannedWorker;
  readonly batch: BatchRef;
  /** Whether the items are to come along, as a payload. */
  readonly withContent: boolean;
}

/** The step of a backup or restore that readies a batch for another worker. */
export interface HandOverItemsActivities {
  /**
   * Puts the items that the action's selector matches where its worker can read them. Resolves with nothing if it matches none.
   * Where the items are to come along and are too many, they do not. Safe to repeat: each attempt writes to a key of its own.
   */
  handOverItems(input: HandOverInput): Promise<HandedBatch | undefined>;
}

/** The activities over a worker's dependencies. */
export function createHandOverItems(dependencies: Dependencies, openRun: OpenRun): HandOverItemsActivities {
  const { kubernetes, config } = dependencies;
  return {
    async handOverItems({ run, step, action, worker, batch, withContent, ...planned }) {
      const { staging, plan } = await openRun<BackupPlan | RestorePlan>({ run, ...planned });
      const signal = activitySignal();
      const discovery = await kubernetes.discover({ signal });
      const selector = resolveSelector(worker.appliesTo, (name) => discovery.resolve(name)?.groupResource);
      const lines: (BatchHeader | HandedItem)[] = [headerOf(plan, action)];
      const { items } = await openActionBatch(staging, batch, plan);
      let index = 0;
      for (const one of items) {
        const { identifier, matched, item } = one;
        if (selector.matchesItem(matched)) {
          const before = 'restore' in plan ? { itemFromBackup: one.itemFromBackup! } : {};
          lines.push({ index, ...identifier, item, ...before });
        }
        index++;
      }
      if (lines.length === 1) return undefined;

      const written = await staging.writeLines(
        `${step}-handed`,
        lines.map((line) => JSON.stringify(line)),
      );
      const { root, ...place } = placeOf(config, run.staging);
      const runId = activityInfo().workflowExecution?.runId ?? 'local';
      const handed: HandedBatch = {
        version: 1,
        kind: kindOf(plan),
        action,
        run: { kind: run.kind, name: run.name, uid: run.uid },
        items: lines.length - 1,
        batch: { ...written, key: `${root}${written.key}`, location: run.staging, ...place },
        answerPrefix: `${root}${stagingPrefix(run)}${step}-answer-${runId.slice(0, 8)}-`,
      };
      if (!withContent || written.bytes > bytesIn(mostContent)) return handed;
      const content = (await staging.read(written)).toString('base64');
      return { ...handed, content };
    },
  };
}

function headerOf(plan: BackupPlan | RestorePlan, action: string): BatchHeader {
  const about = 'restore' in plan ? { restore: plan.restore } : { backup: plan.backup };
  return { version: 1, kind: kindOf(plan), action, ...about };
}

function kindOf(plan: BackupPlan | RestorePlan): HandedBatch['kind'] {
  return 'restore' in plan ? 'RestoreItemAction' : 'BackupItemAction';
}

/** Bytes that so many characters of base64 hold. */
function bytesIn(characters: number): number {
  return Math.floor(characters / 4) * 3;
}
