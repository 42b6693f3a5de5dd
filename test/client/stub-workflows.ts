import {
  ApplicationFailure,
  CancelledFailure,
  condition,
  defineSignal,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { ConformanceResult, ConformanceStatus } from '../../src/api/conformance.ts';
import type { ValidatedLocations } from '../../src/api/locations.ts';
import { planTakenSignal, statusQuery, type RunResult, type RunStatus } from '../../src/workflows/messages.ts';
import { Progress } from '../../src/workflows/progress.ts';
import { Steering } from '../../src/workflows/steering.ts';

interface Request {
  readonly name: string;
  readonly spec?: object;
}

/** Lets a run whose name begins with `steps` go on. */
export const next = defineSignal('next');

/** Runs that end as the first part of their name says. */
export const backup = (request: Request): Promise<RunResult> => stub(request, 'Backup');
export const restore = (request: Request): Promise<RunResult> => stub(request, 'Restore');
export const deleteBackup = (request: Request): Promise<RunResult> => stub(request, 'Deletion');

/** Finds the location `here` to be available, and does not know the other. */
export async function validateLocations(): Promise<ValidatedLocations> {
  const lastValidationTime = new Date().toISOString();
  return { locations: [{ name: 'here', phase: 'Available', lastValidationTime }] };
}

/** One check that passes. */
export async function checkConformance({ name }: Request): Promise<ConformanceResult> {
  const checks = [{ title: 'a', outcome: 'passed' }] as const;
  const status = { kind: 'Conformance', name, phase: 'Completed', step: 'Completed', total: 1, checks } as const;
  setHandler(statusQuery, () => status satisfies ConformanceStatus as unknown as RunStatus);
  return { name, url: 'file:///here', passed: 1, failed: 0, skipped: 0, checks };
}

async function stub({ name, ...others }: Request, kind: RunStatus['kind']): Promise<RunResult> {
  let status = statusOf(kind, name, 'New', 0);
  let steps = 0;
  setHandler(statusQuery, () => status);
  setHandler(next, () => void steps++);
  switch (name.split('-')[0]) {
    case 'invalid':
      status = statusOf(kind, name, 'Failed', 0);
      throw ApplicationFailure.create({
        message: 'name: bad; spec.ttl: bad',
        type: 'InvalidSpec',
        nonRetryable: true,
        details: [['name: bad', 'spec.ttl: bad']],
      });
    case 'breaks':
      throw ApplicationFailure.nonRetryable('the unforeseen', 'Unexpected');
    case 'steps':
      for (const doneItems of [1, 2]) {
        status = statusOf(kind, name, 'InProgress', doneItems);
        await condition(() => steps >= doneItems);
      }
      break;
    case 'plans': {
      let isTaken = false;
      setHandler(planTakenSignal, () => void (isTaken = true));
      const { sha256 = '' } = (others as { spec?: { sha256?: string } }).spec ?? {};
      status = {
        ...statusOf(kind, name, 'InProgress', 2),
        plan: { location: 'here', key: `restores/${name}/plan`, sha256 },
      };
      await condition(() => isTaken);
      break;
    }
    case 'steered': {
      const progress = new Progress(statusOf(kind, name, 'InProgress', 3));
      const steering = new Steering(progress);
      await condition(() => steps > 0);
      steering.close();
      progress.step('ending');
      await condition(() => steps > 1);
      break;
    }
    case 'retries':
      await proxyActivities<{ absent(): Promise<void> }>({ startToCloseTimeout: '1 minute' }).absent();
      break;
    case 'waits':
      status = statusOf(kind, name, 'InProgress', 3);
      await condition(() => false).catch(() => {
        throw new CancelledFailure('cancelled');
      });
      break;
  }
  const phase = name.startsWith('partly') ? 'PartiallyFailed' : 'Completed';
  status = statusOf(kind, name, phase, 2);
  const { uid, volumes, warnings } = status;
  const errors = phase === 'Completed' ? 0 : 1;
  return {
    name: [name, ...Object.keys(others)].join(' '),
    uid,
    phase,
    items: 2,
    warnings,
    errors,
    volumes,
    seconds: 1,
  };
}

function statusOf(kind: RunStatus['kind'], name: string, phase: RunStatus['phase'], doneItems: number): RunStatus {
  return {
    kind,
    name,
    uid: 'uid-1',
    phase,
    step: 'working',
    progress: { totalItems: 4, totalIsEstimate: false, doneItems, resources: {} },
    volumes: { attempted: 0, completed: 0, failed: 0 },
    warnings: 0,
    errors: 0,
    startTimestamp: '2026-01-02T03:04:05.000Z',
  };
}

/** The real one, over the stub of `backup`. */
export { scheduledBackup } from '../../src/workflows/scheduled-backup.ts';
