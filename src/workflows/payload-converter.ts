import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';
import { isHandedActivity } from '../api/handed-batch.ts';

/**
 * Converts payloads as usual, but for those of other workers: one that can't be read becomes `{ unreadable }`, with its encoding. As an
 * exception it would fail the workflow's task, again and again, and the run would hang.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, context, hint) => defaultPayloadConverter.toPayload(value, context, hint),

  fromPayload<T>(...[payload, context, hint]: Parameters<PayloadConverter['fromPayload']>): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload, context, hint as undefined);
    } catch (error) {
      if (!isHandedActivity(context)) throw error;
      const encoding = payload.metadata?.['encoding'];
      return { unreadable: encoding ? new TextDecoder().decode(encoding) : 'none' } as T;
    }
  },
};
