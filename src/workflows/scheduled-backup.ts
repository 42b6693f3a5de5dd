import { ApplicationFailure, executeChild, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { retentionProblems } from '../api/retention.ts';
import { scheduledBackupId, scheduledBackupName, scheduledSpec, type ScheduledBackupRequest } from '../api/schedule.ts';
import type { backup } from './backup.ts';
import { endingOf, failureOf } from './endings.ts';
import type { RunResult } from './messages.ts';

/**
 * One backup of a schedule, named by the time at which it was due (`nightly-20260102030405`), with the label `velero.io/schedule-name`.
 * Waits for it and returns its result, or fails as it did; a cancellation reaches it, and so does this workflow's termination, as one.
 *
 * A Temporal Schedule starts it, with the id `scheduled-backup/<schedule>` and a time behind it.
 */
export async function scheduledBackup(request: ScheduledBackupRequest): Promise<RunResult> {
  const { workflowId, startTime, searchAttributes } = workflowInfo();
  const idPrefix = prefixOf(request, workflowId);
  // Not the start: that may be late, and two attempts of one time would make two backups.
  const due = searchAttributes['TemporalScheduledStartTime']?.[0] ?? startTime;
  const name = scheduledBackupName(request.name, new Date(due as Date));
  setCurrentDetails(`**${request.name}**: backup \`${name}\``);
  try {
    return await executeChild<typeof backup>('backup', {
      workflowId: `${idPrefix}backup/${name}`,
      args: [{ name, spec: scheduledSpec(request) }],
      parentClosePolicy: 'REQUEST_CANCEL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `${name}, of schedule ${request.name}`,
    });
  } catch (error) {
    if ((error as Error).name === 'WorkflowExecutionAlreadyStartedError') {
      const message = `back up ${name}: a backup of that name is running already`;
      throw ApplicationFailure.nonRetryable(message, 'AlreadyExists');
    }
    throw failureOf(error, endingOf(error));
  }
}

/** What stands before the ids of all workflows. Fails with `InvalidSpec` where this one's does not name its schedule. */
function prefixOf(request: ScheduledBackupRequest, workflowId: string): string {
  const { name, retention } = (request ?? {}) as Partial<ScheduledBackupRequest>;
  const at = typeof name === 'string' ? workflowId.lastIndexOf(scheduledBackupId(name)) : -1;
  const problems = [
    ...(typeof name === 'string' && name !== '' ? [] : ['name: expected the name of a schedule']),
    ...(at < 0 ? [`workflow id: expected ${scheduledBackupId(String(name))} and a time, got ${workflowId}`] : []),
    ...(retention === undefined ? [] : retentionProblems(retention)),
  ];
  if (problems.length === 0) return workflowId.slice(0, at);
  throw ApplicationFailure.create({
    message: problems.join('; '),
    type: 'InvalidSpec',
    nonRetryable: true,
    details: [problems],
  });
}
