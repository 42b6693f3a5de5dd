import { BowlineError, errorCode } from '../api/errors.ts';
import { backupUidLabel, persistentVolumeTag, restoreUidLabel } from '../api/labels.ts';
import type { RunRef } from '../api/run.ts';
import { decodeMetadata } from '../backup-format/artifacts.ts';
import { backupLayout, restoreLayout } from '../backup-format/layout.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { artifactKey, type Artifact } from './artifact.ts';
import { bytesOf, jsonObjectOf } from './bytes.ts';
import type { Dependencies } from './dependencies.ts';
import { isAlive, isNameInUse, prefixOf, type LeftRun } from './left-run.ts';
import { activitySignal, assertLease } from './lease.ts';
import type { BackupPlan, DeletionPlan, RestorePlan } from './plan.ts';
import { deleteAll } from './put-object.ts';
import { plansIn } from './staging.ts';
import { isTakenByUs } from './snapshot-volumes.ts';

/** What was removed of one run that was cut off. */
export interface SweptRun {
  readonly snapshots: number;
  readonly volumes: number;
  /** Files of a backup or a restore that never got its record. */
  readonly files: number;
  /** What was left alone, and why; at most 20. */
  readonly remarks: readonly string[];
}

/** The step that sweeps. */
export interface SweepRunActivities {
  /**
   * Removes what a run left that does not go on: of a backup its snapshots, of a restore the volumes to which no PersistentVolume points,
   * of both the files beside a record that was never written; then all of its staging, marks included. What its record names, or may
   * name, stays. Does nothing if the run goes on. Safe to repeat: staging, by which it is found, goes last.
   */
  sweepRun(run: LeftRun): Promise<SweptRun>;
}

const mostRemarks = 20;

/** In the order in which they go. */
const backupArtifacts: readonly Artifact['type'][] = [
  ...(['contents', 'segments', 'logs', 'results', 'resourceList'] as const),
  ...(['volumeSnapshots', 'podVolumeBackups', 'itemOperations', 'volumeInfo'] as const),
];
const restoreArtifacts: readonly Artifact['type'][] = [
  'logs',
  'results',
  'resourceList',
  'itemOperations',
  'volumeInfo',
];

/** The activities over a worker's dependencies. */
export function createSweepRun(dependencies: Dependencies): SweepRunActivities {
  const { config, kubernetes, snapshotter } = dependencies;
  return {
    async sweepRun(run) {
      if (await isAlive(dependencies, run)) return { snapshots: 0, volumes: 0, files: 0, remarks: [] };
      const staging = await dependencies.store(run.location);
      const remarks: string[] = [];
      const swept = { snapshots: 0, volumes: 0, files: 0 };
      if (run.kind === 'backup') Object.assign(swept, await sweepBackup(run, { staging, remarks }));
      if (run.kind === 'restore') Object.assign(swept, await sweepRestore(run, { staging, remarks }));
      assertLease();
      await deleteAll(staging, prefixOf(run), { signal: activitySignal() });
      return { ...swept, remarks: remarks.slice(0, mostRemarks) };
    },
  };

  /** Of a deletion, whose staging lies in the same place, there is nothing else. */
  async function sweepBackup(run: LeftRun, { staging, remarks }: Place): Promise<{ snapshots: number; files: number }> {
    const plans = await plansIn<BackupPlan | DeletionPlan>(staging, prefixOf(run));
    const own = plans.filter(({ backup }) => backup?.metadata?.uid === run.uid);
    const [plan] = own;
    if (plan === undefined) return { snapshots: 0, files: 0 };
    const location = plan.backup.spec.storageLocation ?? '';
    const store = await dependencies.store(location);
    const recorded = await uidOfBackup(store, run.name);
    if (recorded === run.uid) return { snapshots: 0, files: 0 };
    let snapshots = 0;
    for (const name of new Set(own.flatMap(({ backup }) => backup.spec.volumeSnapshotLocations ?? [])))
      snapshots += await deleteSnapshots(run, name, remarks);
    return { snapshots, files: await deleteArtifacts(run, { location, store, recorded, types: backupArtifacts }) };
  }

  async function deleteSnapshots({ uid }: LeftRun, location: string, remarks: string[]): Promise<number> {
    const signal = activitySignal();
    const opened = await snapshotter(location);
    const ours: string[] = [];
    for await (const snapshot of opened.listSnapshots({ [backupUidLabel]: uid }, { signal })) {
      if (isTakenByUs(snapshot)) ours.push(snapshot.snapshotId);
      else
        remarks.push(
          `snapshot ${snapshot.snapshotId} in ${location} bears the uid ${uid}, but is another tool's copy: left alone`,
        );
    }
    // Only now: a list that is being read may lose its place when something in it goes.
    for (const snapshotId of ours) {
      assertLease();
      await opened.deleteSnapshot(snapshotId, { signal });
    }
    return ours.length;
  }

  async function sweepRestore(run: LeftRun, { staging, remarks }: Place): Promise<{ volumes: number; files: number }> {
    const plans = await plansIn<RestorePlan>(staging, prefixOf(run));
    const own = plans.filter(({ restore }) => restore?.metadata?.uid === run.uid);
    const recorded = await uidOfRestore(staging, run.name);
    if (own.length === 0 || recorded === run.uid) return { volumes: 0, files: 0 };
    const snapshots = own.flatMap((plan) => (plan.dryRun ? [] : plan.snapshots));
    let volumes = 0;
    for (const location of new Set(snapshots.map(({ spec }) => spec.location))) {
      const ours = snapshots
        .filter(({ spec }) => spec.location === location)
        .map(({ spec, status }) => `${spec.persistentVolumeName} ${status.providerSnapshotID}`);
      volumes += await deleteVolumes(run, { location, ours: new Set(ours), remarks });
    }
    const place = { location: run.location, store: staging, recorded, types: restoreArtifacts };
    return { volumes, files: await deleteArtifacts(run, place) };
  }

  async function deleteVolumes(
    { uid }: LeftRun,
    { location, ours, remarks }: { location: string; ours: ReadonlySet<string>; remarks: string[] },
  ): Promise<number> {
    const signal = activitySignal();
    const opened = await snapshotter(location);
    const made: string[] = [];
    for await (const { volumeId, snapshotId, tags } of opened.listVolumes({ [restoreUidLabel]: uid }, { signal })) {
      if (ours.has(`${tags[persistentVolumeTag]} ${snapshotId}`)) made.push(volumeId);
      else
        remarks.push(`volume ${volumeId} in ${location} bears the uid ${uid}, but is another tool's copy: left alone`);
    }
    if (made.length === 0) return 0;
    const used = new Set<string>();
    const resource = (await kubernetes.discover({ signal })).find('persistentvolumes');
    if (resource) {
      for await (const { items } of kubernetes.listPages(resource, { signal }))
        for (const item of items) used.add(opened.getVolumeId(item));
    }
    const unused = made.filter((volumeId) => !used.has(volumeId));
    for (const volumeId of unused) {
      assertLease();
      await opened.deleteVolume(volumeId, { signal });
    }
    return unused.length;
  }

  /** Removes the files of a run that never got its record, unless another one of that name has, or may get it. */
  async function deleteArtifacts(
    { kind, name, uid }: LeftRun,
    { location, store, recorded, types }: Files,
  ): Promise<number> {
    const isReadOnly = config.backupStorageLocations.find((one) => one.name === location)?.accessMode === 'ReadOnly';
    const run: RunRef = { kind: kind === 'restore' ? 'restore' : 'backup', name, uid, location, staging: location };
    if (isReadOnly || recorded !== undefined || (await isNameInUse(dependencies, { kind, name }))) return 0;
    const signal = activitySignal();
    let files = 0;
    for (const key of types.map((type) => artifactKey(run, { type }))) {
      if (!(await store.objectExists(key, { signal }))) continue;
      assertLease();
      await store.deleteObject(key, { signal });
      files++;
    }
    return files;
  }
}

interface Place {
  readonly staging: ObjectStore;
  readonly remarks: string[];
}

/** Where a run's files lie, and whose record lies beside them. */
interface Files {
  readonly location: string;
  readonly store: ObjectStore;
  readonly recorded: string | undefined;
  readonly types: readonly Artifact['type'][];
}

/** The uid in a backup's record; `undefined` if there is none. Rejects with `CorruptBackup` if it can't be read: it may name what is about to go. */
async function uidOfBackup(store: ObjectStore, name: string): Promise<string | undefined> {
  try {
    return decodeMetadata(await bytesOf(store, backupLayout(name).metadata)).metadata.uid;
  } catch (error) {
    if (errorCode(error) === 'NotFound') return undefined;
    throw error;
  }
}

/** The same of a restore. */
async function uidOfRestore(store: ObjectStore, name: string): Promise<string | undefined> {
  const { record } = restoreLayout(name);
  try {
    const { metadata } = ((await jsonObjectOf(store, record)) ?? {}) as { metadata?: { uid?: unknown } };
    if (typeof metadata?.uid === 'string') return metadata.uid;
  } catch (error) {
    if (errorCode(error) === 'NotFound') return undefined;
    throw error;
  }
  throw new BowlineError('CorruptBackup', `read ${store.url}/${record}: expected a restore with its uid`);
}
