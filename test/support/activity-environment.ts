import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, type ActivityInterceptorsFactory, type Logger } from '@temporalio/worker';

/** Where one attempt of an activity runs; `logger` is its worker's log. */
export function activityEnvironment(
  info: Partial<Info> = {},
  interceptors: ActivityInterceptorsFactory[] = [],
  logger: Logger = new DefaultLogger('ERROR'),
): MockActivityEnvironment {
  return new MockActivityEnvironment(info, { interceptors, logger });
}
