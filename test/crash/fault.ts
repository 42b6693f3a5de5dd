import { once } from 'node:events';
import { ApplicationFailure, Context, type Info } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import type { RunHookInput } from '../../src/activities/run-hook.ts';
import { isOfType, type Boundary } from './boundary.ts';

/** What befalls a worker's activities. */
export type Fault =
  /** The worker dies by SIGKILL: before the call, after its effect, or (told by `completed`) when the server has its result. */
  | { readonly type: 'death'; readonly at: Boundary; readonly when: 'before' | 'after' | 'completed' }
  /** Every activity that may be repeated is executed twice; the second result counts. */
  | { readonly type: 'twice' }
  /** The result of the first attempt of every such activity is lost. */
  | { readonly type: 'lost' }
  /** The first attempt of every activity comes to life only when the second has ended. */
  | { readonly type: 'zombie' }
  /** Waits at a boundary, before the call, until it is cancelled, or the parent says `go on`; then makes the call. */
  | { readonly type: 'pause'; readonly at: Boundary };

/** What a worker tells its parent: it is at the boundary. */
export type AtBoundary = 'at boundary';

/** What the parent tells a worker that waits there. */
export type GoOn = 'go on';

type Execute = Parameters<NonNullable<ActivityInboundCallsInterceptor['execute']>>;
type Handle = (input: Execute[0], next: Execute[1]) => Promise<unknown>;

/** Interceptors that bring a fault about. `tell` reaches the parent process. */
export function faultInterceptors(fault: Fault, tell: (message: AtBoundary) => void): ActivityInterceptorsFactory {
  const handlers: { readonly [T in Fault['type']]: (fault: Fault & { readonly type: T }) => Handle } = {
    death,
    twice: () => twice,
    lost: () => lost,
    zombie,
    pause,
  };
  const execute = (handlers[fault.type] as (fault: Fault) => Handle)(fault);
  return () => ({ inbound: { execute } });

  function death({ at, when }: Fault & { readonly type: 'death' }): Handle {
    const isReached = reached(at);
    return async (input, next) => {
      if (!isReached()) return next(input);
      if (when === 'before') die();
      const result = await next(input);
      if (when === 'after') die();
      tell('at boundary');
      return result;
    };
  }

  function pause({ at }: Fault & { readonly type: 'pause' }): Handle {
    const isReached = reached(at);
    return async (input, next) => {
      if (!isReached()) return next(input);
      const told = once(process, 'message');
      tell('at boundary');
      await Promise.race([told, Context.current().cancelled]).catch(() => undefined);
      return next(input);
    };
  }
}

/** Counts executions; true at the boundary, once. */
function reached(boundary: Boundary): () => boolean {
  let executions = 0;
  return () => isOfType(boundary, Context.current().info) && ++executions === boundary.nth;
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

const twice: Handle = async (input, next) => {
  if (!mayRepeat(Context.current().info, input)) return next(input);
  await next(input);
  return next(input);
};

const lost: Handle = async (input, next) => {
  const { info } = Context.current();
  const result = await next(input);
  if (info.attempt === 1 && mayRepeat(info, input)) throw ApplicationFailure.retryable('the result was lost', 'Lost');
  return result;
};

function zombie(): Handle {
  const ended = new Map<string, PromiseWithResolvers<void>>();
  const endOf = (id: string): PromiseWithResolvers<void> => {
    const known = ended.get(id) ?? Promise.withResolvers<void>();
    ended.set(id, known);
    return known;
  };
  return async (input, next) => {
    const context = Context.current();
    const { attempt, activityId, workflowExecution } = context.info;
    const id = `${workflowExecution?.workflowId} ${workflowExecution?.runId} ${activityId}`;
    if (attempt > 1) {
      try {
        return await next(input);
      } finally {
        endOf(id).resolve();
      }
    }
    // The server hears nothing of it until its successor has ended, as if the line between them were cut.
    const heartbeat = context.heartbeat;
    Object.assign(context, { heartbeat: () => undefined });
    await endOf(id).promise;
    Object.assign(context, { heartbeat });
    try {
      return await next(input);
    } finally {
      await context.cancelled.catch(() => undefined);
    }
  };
}

/** A hook that freezes or fills is sent once: its next attempt counts it as failed, and the outcome is another one by design. */
function mayRepeat({ activityType }: Info, { args }: Execute[0]): boolean {
  return activityType !== 'runHook' || (args[0] as RunHookInput).phase === 'post';
}
