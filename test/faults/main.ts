// `npm run test:faults -- --all`: 500 runs of snapshots and volumes under faults, 20 of them with a process that is killed; without
// `--all` a tenth. `--seed N` repeats those of a seed. The last line is their figures, as JSON.
import { parseArgs } from 'node:util';
import { faultyRuns } from './runs.ts';

const { values } = parseArgs({ options: { all: { type: 'boolean', default: false }, seed: { type: 'string' } } });
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
console.error(`faults: seed ${seed}`);
const startedAt = performance.now();
const figures = await faultyRuns(values.all ? { runs: 500, kills: 20, seed } : { runs: 50, kills: 2, seed });
const seconds = Number(((performance.now() - startedAt) / 1_000).toFixed(1));
console.log(JSON.stringify({ seed, seconds, ...figures }));
const { orphans, duplicates, foreignTouched } = figures;
process.exit(orphans + duplicates + foreignTouched === 0 ? 0 : 1);
