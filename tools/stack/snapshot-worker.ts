// A worker whose snapshotter is that of a snapshot provider, in a process of its own. Arguments: configuration file, workflow
// bundle, and the snapshotter's options as JSON. It says when it is ready, and answers a `SlotsQuestion` with a number.
import { loadConfig } from '../../src/config.ts';
import { prepareWorker } from '../../src/worker.ts';
import { ProviderSnapshotter, type ProviderSnapshotterOptions } from './provider-snapshotter.ts';
import { SlotSamples, type SlotsQuestion } from './slot-samples.ts';

const [file = '', codePath = '', options = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit(1));
const snapshotter = new ProviderSnapshotter(JSON.parse(options) as ProviderSnapshotterOptions);
const { worker, close } = await prepareWorker(
  await loadConfig({ file, env: {} }),
  { workflowBundle: { codePath } },
  { dependencies: { snapshotter: async () => snapshotter } },
);
const samples = new SlotSamples(() => worker.getStatus().numInFlightActivities - snapshotter.requestsUnderWay);
setInterval(() => samples.take(), 20).unref();
process.on('message', ({ from, to }: SlotsQuestion) => process.send?.(samples.held(from, to)));
const ended = worker.run();
process.send?.('ready');
await ended;
await close();
process.exit(0);
