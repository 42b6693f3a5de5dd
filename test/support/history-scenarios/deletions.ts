import { notYet } from '../../../src/activities/failures.ts';
import type { Activities } from '../../../src/activities/index.ts';
import { snapshotOf } from '../restored-groups.ts';
import { batchRef, permanent, stagedRef, StubActivities, untilCancelled } from '../stub-activities.ts';
import { cancelDuring, type HistoryScenario } from './scenario.ts';

const usual = new StubActivities().activities;

const withSnapshots: Partial<Activities> = {
  prepareDeletion: async (request) => ({
    ...(await usual.prepareDeletion(request)),
    snapshots: [snapshotOf('a'), snapshotOf('b')],
  }),
};

const withActions: Partial<Activities> = {
  prepareDeletion: async (request) => ({
    ...(await usual.prepareDeletion(request)),
    itemActions: { plan: stagedRef('plan'), names: ['example.com/a', 'example.com/b'] },
  }),
};

/** Ways through a deletion. */
export const deletionScenarios: readonly HistoryScenario[] = [
  { workflow: 'deleteBackup', scenario: 'completed' },
  {
    workflow: 'deleteBackup',
    scenario: 'not-found',
    stubs: () => ({
      async prepareDeletion() {
        throw permanent('NotFound', 'delete backup nightly: nothing of that name');
      },
    }),
  },
  {
    workflow: 'deleteBackup',
    scenario: 'with-snapshots',
    stubs: () => ({ ...withSnapshots, sweepSnapshots: async () => ({ deleted: ['c'], leftAlone: ['d'] }) }),
  },
  {
    workflow: 'deleteBackup',
    scenario: 'snapshot-not-deleted',
    stubs: () => ({
      ...withSnapshots,
      async deleteSnapshot({ snapshotId }) {
        if (snapshotId === 'snapshot-of-a') throw permanent('AccessDenied', 'delete snapshot-of-a: 403');
      },
    }),
  },
  {
    workflow: 'deleteBackup',
    scenario: 'with-item-actions',
    stubs: () => ({ ...withActions, executeDeleteItemAction: async () => ({ warnings: 1, errors: 2 }) }),
  },
  {
    workflow: 'deleteBackup',
    scenario: 'cancelled-while-waiting',
    stubs: () => ({
      async awaitUnused() {
        throw notYet('restore again is still reading the backup', 600_000);
      },
    }),
    meanwhile: cancelDuring('awaitUnused'),
  },
  {
    workflow: 'deleteBackup',
    scenario: 'cancelled',
    stubs: () => ({ ...withActions, executeDeleteItemAction: untilCancelled }),
    meanwhile: cancelDuring('executeDeleteItemAction'),
  },
  {
    workflow: 'deleteBackup',
    scenario: 'continued',
    stubs: () => ({
      ...withActions,
      unpackDeletion: async ({ actions }) => ({
        batches: Array.from({ length: 16 }, (_, index) => batchRef(`batch-${index}`, 'pods', 1)),
        actions: actions.map((name) => ({ name })),
        selected: { pods: 16 },
        warnings: 0,
        errors: 0,
      }),
    }),
    isLong: true,
  },
];
