// The worker that is measured: the package's own, in a process of its own. Arguments: configuration file, workflow bundle. It
// answers a `FiguresQuestion` with `WorkerFigures`.
import { loadConfig } from '../../src/config.ts';
import { prepareWorker } from '../../src/worker.ts';
import { WorkerMeter, type FiguresQuestion } from './worker-figures.ts';

const [file = '', codePath = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit(1));
const meter = new WorkerMeter();
process.on('message', (question: FiguresQuestion) => process.send?.(meter.answer(question)));
const config = await loadConfig({ file, env: {} });
const { worker, close } = await prepareWorker(config, { workflowBundle: { codePath } });
const ended = worker.run();
process.send?.('ready');
await ended;
await close();
process.exit(0);
