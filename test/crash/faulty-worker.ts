// A worker that meets a fault. Arguments: configuration file, workflow bundle, and the fault as JSON, or nothing for none.
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { leaseInterceptors } from '../../src/activities/lease.ts';
import { loadConfig } from '../../src/config.ts';
import { prepareWorker } from '../../src/worker.ts';
import { faultInterceptors, type Fault } from './fault.ts';

const [file = '', codePath = '', fault = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit(1));
Runtime.install({ logger: new DefaultLogger('ERROR') });

const leases = leaseInterceptors({ heartbeatEveryMs: 400, leaseMs: 1_600 });
const { worker, close } = await prepareWorker(await loadConfig({ file, env: {} }), {
  workflowBundle: { codePath },
  interceptors: {
    activity:
      fault === ''
        ? [leases]
        : [leases, faultInterceptors(JSON.parse(fault) as Fault, (message) => void process.send?.(message))],
  },
  maxHeartbeatThrottleInterval: '400ms',
});
await worker.run();
await close();
process.exit(0);
