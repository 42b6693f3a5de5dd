import { CancellationScope, log } from '@temporalio/workflow';
import type { RunNotification } from '../api/notification.ts';
import type { RunRef, RunSettings } from '../api/run.ts';
import { notices } from './activity-options.ts';
import type { Ending } from './endings.ts';
import type { Progress } from './progress.ts';

/** A run that has ended, in whatever phase its progress tells. */
export interface EndedRun {
  readonly progress: Progress;
  readonly state: { readonly prepared?: { readonly run: RunRef; readonly settings: RunSettings } };
}

/**
 * Tells those of a run's end who want to hear of it, each on its own, for two minutes at the most. Whether they could be told changes
 * nothing of the run, and is in the worker's log. A dry run is told to nobody.
 */
export async function notify({ progress, state }: EndedRun, ending?: Ending): Promise<void> {
  const { status } = progress;
  // A run that could not be prepared does not know whether there is anybody to tell.
  const isWanted = state.prepared === undefined || state.prepared.settings.notifies === true;
  if (!isWanted || status.dryRun) return;
  const { kind, phase } = status;
  const notification = notificationOf(status, state.prepared?.run.location, ending);
  await CancellationScope.nonCancellable(async () => {
    const targets = await notices.selectNotifications.executeWithOptions({ summary: 'who is told' }, [
      { kind, phase: notification.phase },
    ]);
    await Promise.all(
      targets.map((target) =>
        notices.sendNotification
          .executeWithOptions({ summary: target }, [{ target, notification }])
          .catch((error: Error) => unsent(target, error)),
      ),
    );
  }).catch((error: Error) => unsent(`of ${kind} that is ${phase}`, error));
}

function unsent(target: string, { cause, message }: Error): void {
  log.warn('notification could not be sent', { target, error: cause instanceof Error ? cause.message : message });
}

function notificationOf(
  status: Progress['status'],
  location: string | undefined,
  ending: Ending | undefined,
): RunNotification {
  const { kind, name, uid, phase, schedule, progress, warnings, errors, volumes, startTimestamp } = status;
  return {
    version: 1,
    id: `${kind}/${uid}/${phase}`,
    ...{ kind, name, uid, phase: phase as RunNotification['phase'] },
    ...(schedule && { schedule }),
    ...(location !== undefined && { location }),
    ...{ items: progress.doneItems, warnings, errors, volumes, startTimestamp },
    endTimestamp: new Date(Date.now()).toISOString(),
    ...(ending && { failureReason: ending.reason }),
  };
}
