import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** A module of workflow interceptors: activities of a dead worker are noticed after 2 s, so that a suite of deaths ends. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) =>
        next({ ...input, options: { ...input.options, heartbeatTimeout: '2 seconds' } }),
    },
  ],
});
