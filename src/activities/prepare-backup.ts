import { activityInfo } from '@temporalio/activity';
import type { Backup, BackupRequest, BackupSpec } from '../api/backup.ts';
import { parseGoDuration } from '../api/duration.ts';
import { BowlineError } from '../api/errors.ts';
import { storageLocationLabel } from '../api/labels.ts';
import type { PlannedAction, RunRef, RunSettings, StagedRef } from '../api/run.ts';
import type { GroupResource } from '../api/unstructured.ts';
import { backupLayout } from '../backup-format/layout.ts';
import { labelValue } from '../kubernetes/label-value.ts';
import { backupFilter } from '../selection/backup-filter.ts';
import { validateBackupSpec, validateName } from '../selection/spec-validation.ts';
import type { Dependencies } from './dependencies.ts';
import { invalidSpec } from './failures.ts';
import { activitySignal } from './lease.ts';
import { chooseSnapshotLocations, chooseStorageLocation, stagingLocation } from './locations.ts';
import type { BackupPlan } from './plan.ts';
import { planActions, stagedResources } from './planned-actions.ts';
import { orGiveUp } from './out-of-reach.ts';
import { timestamp } from './timestamp.ts';
import { openStaging } from './staging.ts';
import { requestProblems, runSettings } from './request.ts';

/** What the workflow keeps of the plan. */
export interface PreparedBackup {
  readonly run: RunRef;
  readonly plan: StagedRef;
  readonly settings: RunSettings;
  /** The group-resources to list, in order. */
  readonly resources: readonly GroupResource[];
  readonly actions: readonly PlannedAction[];
  /** Volume snapshot locations to try for each PersistentVolume; empty if volumes are not to be snapshotted. */
  readonly snapshotLocations: readonly string[];
  readonly timestamps: { readonly startTimestamp: string; readonly expiration: string };
}

/** The first step of a backup. */
export interface PrepareBackupActivities {
  /**
   * Fills in defaults, checks everything that can be checked and settles what the run will do. Writes only the plan, to a key
   * of its own attempt. Fails with `InvalidSpec` and all problems at once, `AlreadyExists` if the name is taken,
   * `ReadOnlyLocation`, or what the cluster or the store answered.
   */
  prepareBackup(request: BackupRequest): Promise<PreparedBackup>;
}

/** The activities over a worker's dependencies. */
export function createPrepareBackup(dependencies: Dependencies): PrepareBackupActivities {
  const { config, kubernetes, now } = dependencies;
  return {
    prepareBackup: (request) => orGiveUp(dependencies, () => prepare(request)),
  };

  async function prepare(request: BackupRequest): Promise<PreparedBackup> {
    const problems = [
      ...requestProblems({ request, kind: 'backup', idPrefix: config.temporal.idPrefix }),
      ...validateName(request?.name),
      ...validateBackupSpec(request?.spec ?? {}),
    ];
    const spec = request?.spec ?? {};
    const location = chooseStorageLocation(config, spec.storageLocation);
    const snapshots = chooseSnapshotLocations(config, spec);
    problems.push(...location.problems, ...snapshots.problems);
    if (problems.length > 0 || location.location === undefined) throw invalidSpec(problems);
    if (location.location.accessMode === 'ReadOnly') {
      throw new BowlineError(
        'ReadOnlyLocation',
        `back up ${request.name}: location ${location.location.name} is read-only`,
      );
    }

    const uid = activityInfo().workflowExecution?.runId ?? 'local';
    const run: RunRef = {
      kind: 'backup',
      name: request.name,
      uid,
      location: location.location.name,
      staging: stagingLocation(config, location.location),
    };
    await assertNameIsFree(dependencies, run);

    const startedAt = now();
    const discovery = await kubernetes.discover({ refresh: true, signal: activitySignal() });
    const backup = await describe(dependencies, { run, spec, startedAt, snapshotLocations: snapshots.names });
    const actions = planActions(dependencies.backupItemActions, discovery);
    const filter = backupFilter(backup.spec, discovery.preferred, (name) => discovery.resolve(name)?.groupResource);
    const plan: BackupPlan = {
      backup,
      resources: filter.resources,
      staged: stagedResources(actions, discovery, snapshots.names.length > 0),
    };
    const staging = await openStaging(dependencies, run);
    return {
      run,
      plan: await staging.writeLines('plan', [JSON.stringify(plan)]),
      settings: runSettings(dependencies, spec),
      resources: filter.resources.map((resource) => resource.groupResource),
      actions,
      snapshotLocations: snapshots.names,
      timestamps: {
        startTimestamp: backup.status?.startTimestamp ?? '',
        expiration: backup.status?.expiration ?? '',
      },
    };
  }
}

/** The name is taken as soon as anything lies under it: a finished backup, a running deletion, or what a terminated run left. */
async function assertNameIsFree({ store }: Dependencies, run: RunRef): Promise<void> {
  const layout = backupLayout(run.name);
  const opened = await store(run.location);
  const signal = activitySignal();
  if (await opened.objectExists(layout.metadata, { signal })) {
    throw new BowlineError(
      'AlreadyExists',
      `back up ${run.name}: ${opened.url}/${layout.metadata} is there: choose another name, or delete that backup first`,
    );
  }
  for await (const key of opened.listObjects(layout.directory, { signal })) {
    if (key.startsWith(`${layout.directory}staging/`)) continue;
    throw new BowlineError(
      'AlreadyExists',
      `back up ${run.name}: ${opened.url}/${key} is left of an earlier run: delete that backup first`,
    );
  }
}

/** The Backup object as Velero would hold it when the backup starts. */
async function describe(
  { kubernetes, config }: Dependencies,
  request: { run: RunRef; spec: BackupSpec; startedAt: Date; snapshotLocations: readonly string[] },
): Promise<Backup> {
  const { run, spec, startedAt, snapshotLocations } = request;
  const version = await kubernetes.version(activitySignal());
  // Velero takes 0s for the default, too.
  const ttl = parseGoDuration(spec.ttl ?? '') ? spec.ttl! : config.defaultBackupTtl;
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: {
      name: run.name,
      namespace: config.namespace,
      uid: run.uid,
      creationTimestamp: timestamp(startedAt),
      labels: { ...spec.metadata?.labels, [storageLocationLabel]: labelValue(run.location) },
      annotations: {
        'velero.io/source-cluster-k8s-gitversion': version.gitVersion,
        'velero.io/source-cluster-k8s-major-version': version.major,
        'velero.io/source-cluster-k8s-minor-version': version.minor,
      },
    },
    spec: {
      ...spec,
      includedNamespaces: spec.includedNamespaces?.length ? spec.includedNamespaces : ['*'],
      metadata: spec.metadata ?? {},
      hooks: spec.hooks ?? {},
      ttl,
      storageLocation: run.location,
      ...(snapshotLocations.length > 0 && { volumeSnapshotLocations: snapshotLocations }),
    },
    status: {
      version: 1,
      formatVersion: '1.1.0',
      phase: 'InProgress',
      expiration: timestamp(new Date(startedAt.getTime() + (parseGoDuration(ttl) ?? 0))),
      startTimestamp: timestamp(startedAt),
    },
  };
}
