import assert from 'node:assert/strict';
import type { Activities } from '../../src/activities/index.ts';
import { batchRef, reportRef, selectedVolumes, StubActivities } from './stub-activities.ts';

/** Stubs by which a backup takes every step: it collects one batch, of a PersistentVolume. */
const everyStep: Partial<Activities> = {
  async collectItems({ step }) {
    const batches = [batchRef(`${step}-batch0`, 'persistentvolumes', 1)];
    return { batches, segments: [], report: reportRef(step), selected: {}, archived: {}, remaining: 0 };
  },
  selectVolumes: async () => selectedVolumes(['pv-1']),
};

/** Stubs of which `name` does something else the first time. */
export function stubsThatOnce(name: keyof Activities, activity: () => Promise<unknown>): StubActivities {
  const usual = new StubActivities(everyStep).activities[name] as (input: unknown) => Promise<unknown>;
  let calls = 0;
  return new StubActivities({ ...everyStep, [name]: (input: unknown) => (calls++ === 0 ? activity() : usual(input)) });
}

const cleanUp = [
  'deleteArtifacts',
  'reconcileSnapshots disks',
  'putObject logs',
  'putObject results',
  'putObject metadata',
  'deleteStaging default',
];

/** Asserts that a backup ended by removing what it had made, and with a record that says why. */
export function assertAbandoned(stubs: StubActivities, failureReason: string): void {
  assert.deepEqual(stubs.story.slice(-cleanUp.length), cleanUp);
  assert.deepEqual(stubs.inputs('reconcileSnapshots').at(-1)?.keep, []);
  const artifact = stubs.inputs('putObject').at(-1)?.artifact;
  assert.ok(artifact?.type === 'metadata');
  assert.deepEqual([artifact.status.phase, artifact.status.failureReason], ['Failed', failureReason]);
}
