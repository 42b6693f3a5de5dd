// A worker that meets a fault. Arguments: configuration file, workflow bundle, and the fault as JSON, or nothing for none.
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { loadConfig } from '../../src/config.ts';
import { prepareWorker } from '../../src/worker.ts';
import { faultInterceptors, type AtBoundary, type Fault } from './fault.ts';

const [file = '', codePath = '', fault = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit(1));
Runtime.install({ logger: new DefaultLogger('ERROR') });

const tell = (message: AtBoundary): void => void process.send?.(message);
const { worker, close } = await prepareWorker(
  await loadConfig({ file, env: {} }),
  {
    workflowBundle: { codePath },
    interceptors: { activity: fault === '' ? [] : [faultInterceptors(JSON.parse(fault) as Fault, tell)] },
    maxHeartbeatThrottleInterval: '400ms',
  },
  { leases: { heartbeatEveryMs: 400, leaseMs: 1_600, lateMs: 1_000 } },
);
await worker.run();
await close();
process.exit(0);
