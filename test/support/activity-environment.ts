import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, type ActivityInterceptorsFactory } from '@temporalio/worker';

/** Where one attempt of an activity runs, without a worker's log of its failures. */
export function activityEnvironment(
  info: Partial<Info> = {},
  interceptors: ActivityInterceptorsFactory[] = [],
): MockActivityEnvironment {
  return new MockActivityEnvironment(info, { interceptors, logger: new DefaultLogger('ERROR') });
}
