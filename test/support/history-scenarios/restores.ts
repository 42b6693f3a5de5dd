import { notYet } from '../../../src/activities/failures.ts';
import type { Activities } from '../../../src/activities/index.ts';
import { containersOf, creating } from '../hooked-restore.ts';
import { group, unpacking, withVolumes } from '../restored-groups.ts';
import { permanent, reportRef, StubActivities, untilCancelled } from '../stub-activities.ts';
import { actionsElsewhere, answerInStore } from './backups.ts';
import { cancelDuring, pausedDuring, type HistoryScenario } from './scenario.ts';

const usual = new StubActivities().activities;

/** Actions that ask for more, once, and want it to be waited for. */
const asking: Partial<Activities> = {
  ...unpacking(group('pods', 1), group('services', 1)),
  executeRestoreItemAction: async ({ batch, step }) => ({
    batch,
    report: reportRef(step, { additionalItems: 1 }),
    waits: true,
  }),
  unpackAdditionalItems: async ({ step }) => ({
    groups: [group('serviceaccounts', 1), group('persistentvolumeclaims', 1)],
    report: reportRef(step),
    selected: {},
  }),
};

/** Ways through a restore, and through its children. */
export const restoreScenarios: readonly HistoryScenario[] = [
  {
    workflow: 'restore',
    scenario: 'completed',
    stubs: () =>
      unpacking(
        group('customresourcedefinitions.apiextensions.k8s.io', 1),
        group('namespaces', 2),
        group('pods', 10, 20),
      ),
  },
  pausedDuring('restore', 'applyItems', unpacking(group('pods', 10, 20), group('services', 1))),
  {
    workflow: 'restore',
    scenario: 'partially-failed',
    stubs: () => ({
      applyItems: async ({ step }) => ({ report: reportRef(step, { errors: 2 }), created: 8, createdVolumes: [] }),
    }),
  },
  {
    workflow: 'restore',
    scenario: 'failed-validation',
    stubs: () => ({
      async prepareRestore() {
        throw permanent('InvalidSpec', 'spec.backupName: missing');
      },
    }),
  },
  {
    workflow: 'restore',
    scenario: 'failed',
    stubs: () => ({
      ...withVolumes('failing'),
      async applyItems() {
        throw permanent('AccessDenied', 'create: 401');
      },
    }),
  },
  {
    workflow: 'restore',
    scenario: 'cancelled',
    stubs: () => ({ applyItems: untilCancelled }),
    meanwhile: cancelDuring('applyItems'),
  },
  {
    workflow: 'restore',
    scenario: 'cancelled-with-volumes',
    stubs: () => ({
      ...withVolumes('cancelled'),
      async awaitVolume() {
        await untilCancelled().catch(() => undefined);
        throw notYet('volume-of-cancelled is 43 % done', 60_000);
      },
    }),
    meanwhile: cancelDuring('awaitVolume'),
    keepsChildren: true,
  },
  {
    workflow: 'restore',
    scenario: 'with-volumes',
    stubs: () => ({
      ...withVolumes('completed', 'refused'),
      async awaitVolume({ volumeId }) {
        if (volumeId === 'volume-of-refused') throw permanent('InvalidItem', `${volumeId} failed: quota exceeded`);
      },
      applyItems: async ({ step, batch }) => ({
        report: reportRef(step),
        created: batch.items,
        createdVolumes: batch.groupResources[0] === 'persistentvolumes' ? ['completed'] : [],
      }),
      prepareRestore: async (request) => ({ ...(await usual.prepareRestore(request)), finishesVolumes: true }),
    }),
    keepsChildren: true,
  },
  { workflow: 'restore', scenario: 'with-additional-items', stubs: () => asking },
  {
    workflow: 'restore',
    scenario: 'with-hooks',
    stubs: () => creating(...containersOf('a', {}), ...containersOf('b', {}, { container: 'side' })),
  },
  {
    workflow: 'restore',
    scenario: 'with-unrun-hooks',
    stubs: () => {
      const containers = [...containersOf('a', {}), ...containersOf('b', {})];
      const over = containers.map((container) => ({ ...container, reason: 'it has ended' }));
      return { ...creating(...containers), awaitContainers: async () => ({ up: [], over }) };
    },
  },
  {
    workflow: 'restore',
    scenario: 'with-actions-elsewhere',
    stubs: (actionQueue) => ({
      prepareRestore: async (request) => ({
        ...(await usual.prepareRestore(request)),
        actions: actionsElsewhere(actionQueue, 'store'),
      }),
    }),
    elsewhere: answerInStore,
  },
  {
    workflow: 'restore',
    scenario: 'dry-run',
    stubs: () => ({ ...withVolumes('planned') }),
    others: { dryRun: true },
    async meanwhile(started, stubs) {
      await stubs.called('collectPlan');
      await started.signal('planTaken');
    },
  },
  {
    workflow: 'restore',
    scenario: 'dry-run-cancelled',
    others: { dryRun: true },
    async meanwhile(started, stubs) {
      await stubs.called('collectPlan');
      await started.cancel();
    },
  },
  {
    workflow: 'restore',
    scenario: 'continued',
    stubs: () => unpacking(...Array.from({ length: 12 }, (_, index) => group(`resource-${index}`, 1))),
    isLong: true,
  },
];
