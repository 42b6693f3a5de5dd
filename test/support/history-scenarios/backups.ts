import { notYet } from '../../../src/activities/failures.ts';
import type { Activities } from '../../../src/activities/index.ts';
import type { PlannedAction } from '../../../src/api/run.ts';
import type { ExecuteBatch } from '../action-worker.ts';
import { block, blockPod, withHooks } from '../hooked-pods.ts';
import {
  batchRef,
  permanent,
  reportRef,
  selectedVolumes,
  stagedRef,
  StubActivities,
  untilCancelled,
} from '../stub-activities.ts';
import { cancelDuring, pausedDuring, type HistoryScenario } from './scenario.ts';

const usual = new StubActivities().activities;

/** One batch of PersistentVolumes, which are `names`. */
function withVolumes(...names: string[]): Partial<Activities> {
  return {
    collectItems: async ({ step }) => ({
      batches: [batchRef(`${step}-batch0`, 'persistentvolumes', names.length)],
      segments: [],
      report: reportRef(step),
      selected: { persistentvolumes: names.length },
      archived: {},
      remaining: 0,
    }),
    selectVolumes: async () => selectedVolumes(names),
  };
}

/** So many calls of collection, each with a batch. */
function withPages(pages: number): Partial<Activities> {
  return {
    collectItems: async (input) => ({
      ...(await usual.collectItems(input)),
      ...(input.from.list < pages - 1 && { next: { list: input.from.list + 1 } }),
    }),
    countItems: async () => 15 * pages,
  };
}

/** The item action of another worker, between two of the own. */
export function actionsElsewhere(actionQueue: string, transport: 'store' | 'payload'): PlannedAction[] {
  const elsewhere: PlannedAction = {
    name: 'example.com/elsewhere',
    worker: { taskQueue: actionQueue, startTimeoutMs: 20_000, timeoutMs: 20_000, transport, appliesTo: {} },
  };
  return [{ name: 'example.com/a' }, elsewhere, { name: 'example.com/z' }];
}

/** What a worker of item actions answers whose transport is the store. */
export const answerInStore: ExecuteBatch = async ({ answerPrefix }) => stagedRef(`${answerPrefix}1`);

/** Ways through a backup, and through its children. */
export const backupScenarios: readonly HistoryScenario[] = [
  { workflow: 'backup', scenario: 'completed' },
  {
    workflow: 'backup',
    scenario: 'partially-failed',
    stubs: () => ({
      archiveItems: async ({ step }) => ({
        report: reportRef(step, { warnings: 2, errors: 1 }),
        archived: { pods: 9 },
      }),
    }),
  },
  {
    workflow: 'backup',
    scenario: 'failed-validation',
    stubs: () => ({
      async prepareBackup() {
        throw permanent('InvalidSpec', 'spec.storageLocation: no such location');
      },
    }),
  },
  {
    workflow: 'backup',
    scenario: 'failed',
    stubs: () => ({
      ...withVolumes('failing'),
      async putObject(input) {
        if (input.artifact.type === 'contents') throw permanent('AccessDenied', 'put nightly.tar.gz: 403');
        return usual.putObject(input);
      },
    }),
  },
  {
    workflow: 'backup',
    scenario: 'cancelled',
    stubs: () => ({ archiveItems: untilCancelled }),
    meanwhile: cancelDuring('archiveItems'),
  },
  {
    workflow: 'backup',
    scenario: 'cancelled-with-volumes',
    stubs: () => ({ ...withVolumes('cancelled'), createSnapshot: untilCancelled }),
    meanwhile: cancelDuring('createSnapshot'),
    keepsChildren: true,
  },
  {
    workflow: 'backup',
    scenario: 'cancelled-while-waiting',
    stubs: () => ({
      ...withVolumes('waiting'),
      async awaitSnapshot() {
        throw notYet('snapshot-of-waiting is 43 % done', 600_000);
      },
    }),
    meanwhile: cancelDuring('awaitSnapshot'),
  },
  pausedDuring('backup', 'archiveItems', withPages(3)),
  {
    workflow: 'backup',
    scenario: 'with-volumes',
    stubs() {
      let asked = 0;
      return {
        ...withVolumes('completed', 'refused', 'unknown', 'lost'),
        getVolumeId: async ({ persistentVolume }) =>
          persistentVolume === 'unknown' ? '' : `volume-of-${persistentVolume}`,
        async createSnapshot({ persistentVolume }) {
          if (persistentVolume === 'refused') throw permanent('AccessDenied', 'create snapshot: 403');
          return `snapshot-of-${persistentVolume}`;
        },
        async awaitSnapshot({ snapshotId }) {
          if (snapshotId === 'snapshot-of-lost') throw permanent('InvalidItem', 'snapshot-of-lost failed: no disk');
          if (asked++ < 2) throw notYet(`${snapshotId} is 43 % done`, 1);
        },
      };
    },
    keepsChildren: true,
  },
  {
    workflow: 'backup',
    scenario: 'with-hooks',
    stubs: () => withHooks([block([blockPod('a')], 'frozen'), block([blockPod('b', { pre: 2 })])]),
  },
  {
    workflow: 'backup',
    scenario: 'with-failed-hooks',
    stubs: () => ({
      ...withHooks([block([blockPod('a', { pre: 2 }), blockPod('b')])]),
      runHook: async ({ step, phase, pod }) => {
        const failed = phase === 'pre' && pod.name === 'a';
        return { report: reportRef(step, { errors: Number(failed) }), failed, stops: failed };
      },
    }),
  },
  {
    workflow: 'backup',
    scenario: 'cancelled-while-frozen',
    stubs: () => ({ ...withHooks([block([blockPod('a')], 'frozen')]), createSnapshot: untilCancelled }),
    meanwhile: cancelDuring('createSnapshot'),
  },
  {
    workflow: 'backup',
    scenario: 'with-additional-items',
    stubs: () => ({
      executeBackupItemAction: async ({ batch, step }) => ({
        batch,
        report: reportRef(step, { additionalItems: batch.groupResources[0] === 'claims' ? 0 : 1 }),
      }),
      collectAdditionalItems: async ({ step, order }) => ({
        batches: order[0] === 1 ? [batchRef(`${step}-batch0`, 'claims', 2)] : [],
        segments: [],
        report: reportRef(step),
        selected: {},
        archived: {},
      }),
    }),
  },
  { workflow: 'backup', scenario: 'with-pages', stubs: () => withPages(3) },
  {
    workflow: 'backup',
    scenario: 'with-actions-elsewhere',
    stubs: (actionQueue) => ({
      prepareBackup: async (request) => ({
        ...(await usual.prepareBackup(request)),
        actions: actionsElsewhere(actionQueue, 'store'),
      }),
    }),
    elsewhere: answerInStore,
  },
  {
    workflow: 'backup',
    scenario: 'with-payloads',
    stubs: (actionQueue) => ({
      prepareBackup: async (request) => ({
        ...(await usual.prepareBackup(request)),
        actions: actionsElsewhere(actionQueue, 'payload'),
      }),
      handOverItems: async (input) => ({ ...(await usual.handOverItems(input))!, content: 'AAAA' }),
    }),
    elsewhere: async () => ({ content: 'AAAA' }),
  },
  { workflow: 'backup', scenario: 'continued', stubs: () => withPages(8), isLong: true },
  {
    workflow: 'backup',
    scenario: 'continued-while-waiting',
    stubs: () => ({
      ...withVolumes(...Array.from({ length: 16 }, (_, index) => `volume-${index + 10}`)),
      async prepareBackup(request) {
        const prepared = await usual.prepareBackup(request);
        return { ...prepared, settings: { ...prepared.settings, concurrency: { batches: 8, volumes: 8 } } };
      },
    }),
    isLong: true,
  },
  {
    workflow: 'backup',
    scenario: 'continued-with-hooks',
    stubs: () => withHooks(Array.from({ length: 8 }, (_, index) => block([blockPod(`pod-${index}`)]))),
    isLong: true,
  },
];
