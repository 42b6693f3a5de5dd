// `npm run test:faults -- --all`: 500 runs of snapshots and volumes under faults, 20 of them with a process that is killed; without
// `--all` a tenth. A fifth of them are of EBS on moto. `--seed N` repeats those of a seed. The last line is the figures, as JSON.
import { parseArgs } from 'node:util';
import { startMoto } from '../../tools/stack/moto.ts';
import { ebsSubject } from './ebs-subject.ts';
import { httpSubject } from './http-subject.ts';
import { faultyRuns, sum } from './runs.ts';

const { values } = parseArgs({ options: { all: { type: 'boolean', default: false }, seed: { type: 'string' } } });
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const tenths = values.all ? 10 : 1;
console.error(`faults: seed ${seed}`);
const moto = await startMoto();
try {
  const startedAt = performance.now();
  const http = await faultyRuns({ open: httpSubject(), runs: 40 * tenths, kills: tenths, seed });
  console.error(`faults: provider of our own: ${JSON.stringify(http)}`);
  const ebs = await faultyRuns({ open: ebsSubject(moto), runs: 10 * tenths, kills: tenths, seed });
  console.error(`faults: EBS on moto: ${JSON.stringify(ebs)}`);
  const figures = sum(http, ebs);
  const seconds = Number(((performance.now() - startedAt) / 1_000).toFixed(1));
  console.log(JSON.stringify({ seed, seconds, ...figures }));
  process.exitCode = figures.orphans + figures.duplicates + figures.foreignTouched === 0 ? 0 : 1;
} finally {
  await moto.stop();
}
process.exit();
