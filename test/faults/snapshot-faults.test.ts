import assert from 'node:assert/strict';
import { motoServer } from '../support/servers.ts';
import { ebsSubject } from './ebs-subject.ts';
import { httpSubject } from './http-subject.ts';
import type { Figures } from './run.ts';
import { faultyRuns } from './runs.ts';

/** Another one each time: what it finds can be found again with the seed that is printed. */
const seed = Math.floor(Math.random() * 1_000_000);

function assertClean(figures: Figures, runs: number): void {
  const { kills, orphans, duplicates, foreignTouched } = figures;
  assert.deepEqual(
    { runs: figures.runs, kills, orphans, duplicates, foreignTouched },
    { runs, kills: 1, orphans: 0, duplicates: 0, foreignTouched: 0 },
    JSON.stringify(figures),
  );
}

describe(`snapshots and volumes under faults, seed ${seed}`, function () {
  this.timeout(120_000);

  it('leave one or none, and nothing of others is touched: 40 of 400 runs', async () => {
    assertClean(await faultyRuns({ open: httpSubject(), runs: 40, kills: 1, seed }), 40);
  });

  it('leave one or none, and nothing of others is touched: 10 of 100 runs of EBS', async () => {
    assertClean(await faultyRuns({ open: ebsSubject(await motoServer()), runs: 10, kills: 1, seed }), 10);
  });

  it('do leave orphans where a snapshotter does not say that its lists lag', async () => {
    const { orphans } = await faultyRuns({ open: httpSubject({ tellsLag: false }), runs: 60, kills: 0, seed: 1 });
    assert.ok(orphans > 0, 'these runs would find nothing');
  });
});
