import { proxyActivities } from '@temporalio/workflow';

const { work } = proxyActivities<{ work(): Promise<void> }>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '1 second',
  retry: { initialInterval: '10 milliseconds' },
});

/** A workflow of one activity, `work`, whose attempts are given up after a second without a heartbeat. */
export async function oneActivity(): Promise<void> {
  await work();
}
