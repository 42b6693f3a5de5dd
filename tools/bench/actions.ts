// Takes pods through every action of a restore that concerns pods, without a cluster: first the actions alone, then as a worker does
// it, with one activity per action and batch over staging on the disk. Arguments: items, seed. Sends an `ActionsMeasurement`.
import { findAction } from '../../src/activities/execute-backup-item-action.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { BatchWriter } from '../../src/activities/batch.ts';
import type { Dependencies } from '../../src/activities/dependencies.ts';
import { createExecuteRestoreItemAction } from '../../src/activities/execute-restore-item-action.ts';
import { createOpenRun, type RestorePlan } from '../../src/activities/plan.ts';
import { planActions } from '../../src/activities/planned-actions.ts';
import { resetMetadata } from '../../src/activities/reset-metadata.ts';
import { restoreReader } from '../../src/activities/restore-reader.ts';
import { restoreLine } from '../../src/activities/restore-batch.ts';
import { openStaging } from '../../src/activities/staging.ts';
import { withFittingWait } from '../../src/activities/wait-actions.ts';
import { cloneJson } from '../../src/api/json.ts';
import type { Restore } from '../../src/api/restore.ts';
import type { BatchRef, RunRef } from '../../src/api/run.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { parseConfig } from '../../src/config.ts';
import { readerOf } from '../../src/kubernetes/reader.ts';
import { executeItemAction } from '../../src/plugins/execute-item-action.ts';
import { createRegistry } from '../../src/plugins/registry.ts';
import { namespaceNames, pods } from './mixture.ts';
import { clusterOfPods } from './pod-cluster.ts';
import type { ActionsMeasurement } from './statistics.ts';

/** Every tenth pod has a volume whose files are in the backup, and an init container of its own to be run before. */
const everyNth = 10;

const [items = 0, seed = 0] = process.argv.slice(2).map(Number);
process.once('disconnect', () => process.exit(1));
const folder = mkdtempSync(join(tmpdir(), 'bowline-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const config = parseConfig('', { file: 'the bench', env: {} });
const registry = createRegistry();
const store = await registry.openObjectStore({
  name: 'default',
  provider: 'filesystem',
  objectStorage: { bucket: 'bench' },
  config: { path: folder },
});
const run: RunRef = { kind: 'restore', name: 'bench', uid: 'bench', location: 'default', staging: 'default' };
const kubernetes = clusterOfPods(config.namespace);
const podVolumeBackups = backedUp()
  .filter((_, index) => index % everyNth === 0)
  .map(podVolumeBackupOf);
const restore: Restore = {
  apiVersion: 'velero.io/v1',
  kind: 'Restore',
  metadata: { name: 'bench', namespace: config.namespace, uid: run.uid },
  spec: {
    backupName: 'bench',
    namespaceMapping: Object.fromEntries(namespaceNames('bench').map((name) => [name, `${name}-copy`])),
  },
};
const restoreItemActions = withFittingWait(registry.restoreItemActions, podVolumeBackups);
const dependencies = {
  config,
  kubernetes,
  restoreItemActions,
  store: async () => store,
  now: () => new Date(),
} as unknown as Dependencies;
const activities = createExecuteRestoreItemAction(dependencies, createOpenRun(dependencies));
const actions = planActions(restoreItemActions, await kubernetes.discover()).filter(
  ({ groupResources }) => groupResources?.includes('pods') ?? true,
);

const alone = await measured(executeAlone);
const { plan, batches } = await inActivity(stage);
const inActivities = await measured(executeInActivities);
process.send?.({
  items,
  actions: actions.length,
  seconds: alone.seconds,
  cpuSeconds: alone.cpuSeconds,
  activityCpuSeconds: inActivities.cpuSeconds,
} satisfies ActionsMeasurement);
process.exit(0);

/** `work` says when it begins with what is measured. CPU is that of all threads. */
async function measured(work: (begin: () => void) => Promise<void>): Promise<{ seconds: number; cpuSeconds: number }> {
  let [cpu, at] = [process.cpuUsage(), performance.now()];
  await work(() => {
    [cpu, at] = [process.cpuUsage(), performance.now()];
  });
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - at) / 1_000, cpuSeconds: (user + system) / 1_000_000 };
}

/** Every action on every pod, one pod after the other. */
async function executeAlone(begin: () => void): Promise<void> {
  const reader = restoreReader(readerOf(kubernetes, new AbortController().signal), podVolumeBackups);
  const log = { info: () => undefined, warning: () => undefined };
  const chosen = actions.map(({ name }) => findAction(restoreItemActions, name));
  const pairs = backedUp().map((pod) => ({ itemFromBackup: pod, item: resetMetadata(cloneJson(pod)) }));
  begin();
  for (const { itemFromBackup, item } of pairs) {
    let current = item;
    for (const action of chosen) {
      const given = { item: current, itemFromBackup, restore, kubernetes: reader, log };
      const result = await executeItemAction(action, given);
      if (result.failed) throw result.error;
      current = result.output.updatedItem;
    }
  }
}

async function executeInActivities(begin: () => void): Promise<void> {
  begin();
  for (const original of batches) {
    let batch = original;
    for (const [index, { name }] of actions.entries()) {
      const step = `action-${index}-${original.key.split('/').at(-1)}`;
      const executed = await inActivity(() =>
        activities.executeRestoreItemAction({ run, plan, step, action: name, batch }),
      );
      if (executed.report.errors > 0) throw new Error(`${name} failed at ${executed.report.errors} pods`);
      ({ batch } = executed);
    }
  }
}

/** Runs what needs to be in an activity. */
function inActivity<T>(work: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment().run(work);
}

/** Writes the plan and the batches, as the steps before would have. */
async function stage(): Promise<{ plan: Awaited<ReturnType<typeof writePlan>>; batches: BatchRef[] }> {
  const writer = new BatchWriter(await openStaging(dependencies, run), 'unpack', config.batch);
  for (const itemFromBackup of backedUp()) await writer.add(restoreLine({ groupResource: 'pods', itemFromBackup }));
  return { plan: await writePlan(), batches: await writer.finish() };
}

async function writePlan() {
  const { metadata } = restore;
  const plan: RestorePlan = {
    restore,
    backup: { apiVersion: 'velero.io/v1', kind: 'Backup', metadata, spec: {} },
    snapshots: [],
    podVolumeBackups,
    volumes: [],
    csiClaims: [],
    contents: { bytes: 0 },
    remarks: [],
  };
  const staging = await openStaging(dependencies, run);
  return staging.writeLines('plan', [JSON.stringify(plan)]);
}

/** Made anew each time, so that nothing holds them in memory while it is measured. */
function backedUp(): Unstructured[] {
  return pods({ items, seed }).map(asBackedUp);
}

/** A pod as the API server and its account's controller have completed it. */
function asBackedUp(pod: Unstructured, index: number): Unstructured {
  const spec = pod['spec'] as { containers: { volumeMounts?: object[] }[]; [member: string]: unknown };
  const account = 'kube-api-access-x7k2p';
  spec['volumes'] = [
    { name: account, projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3_607 } }] } },
    { name: 'data', persistentVolumeClaim: { claimName: `data-${index}` } },
  ];
  for (const container of spec.containers)
    container.volumeMounts = [
      { name: account, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
      { name: 'data', mountPath: '/data' },
    ];
  Object.assign(spec, {
    serviceAccountName: 'default',
    priority: 0,
    schedulerName: 'default-scheduler',
    dnsPolicy: 'ClusterFirst',
  });
  if (index % everyNth === 0)
    pod.metadata.annotations = {
      ...pod.metadata.annotations,
      'init.hook.restore.velero.io/container-image': 'registry.example/prepare:1',
      'init.hook.restore.velero.io/command': '["prepare"]',
    };
  return { ...pod, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], podIP: '10.0.0.7' } };
}

function podVolumeBackupOf({ metadata: { name, namespace } }: Unstructured): Unstructured {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'PodVolumeBackup',
    metadata: { name: `bench-${name}`, labels: { 'velero.io/backup-name': 'bench' } },
    spec: { pod: { name, namespace }, volume: 'data', uploaderType: 'kopia' },
    status: { phase: 'Completed', snapshotID: 'c0ffee' },
  };
}
