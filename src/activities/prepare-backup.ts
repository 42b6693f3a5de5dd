import { activityInfo } from '@temporalio/activity';
import type { BackupRequest, BackupSpec } from '../api/backup.ts';
import type { Config } from '../api/config.ts';
import { BowlineError, errorCode } from '../api/errors.ts';
import type { BackupStorageLocation } from '../api/locations.ts';
import type { PlannedAction, ReportRef, RunRef, RunSettings, StagedRef } from '../api/run.ts';
import type { GroupResource } from '../api/unstructured.ts';
import { backupLayout } from '../backup-format/layout.ts';
import type { Discovery } from '../kubernetes/discovery.ts';
import { orderedResources } from '../selection/ordered-resources.ts';
import { usesScopedLists } from '../selection/resource-filter.ts';
import { validateBackupSpec, validateName } from '../selection/spec-validation.ts';
import { newBackup } from './backup-record.ts';
import type { Dependencies } from './dependencies.ts';
import { invalidSpec } from './failures.ts';
import { activitySignal } from './lease.ts';
import { chooseSnapshotLocations, chooseStorageLocation, stagingLocation } from './locations.ts';
import type { BackupPlan } from './plan.ts';
import { planActions } from './planned-actions.ts';
import { plannedFilter, resolverOf } from './planned-filter.ts';
import { orGiveUp } from './out-of-reach.ts';
import { Report } from './report.ts';
import { requestProblems, runSettings } from './request.ts';
import { parseResourcePolicies, type ResourcePolicies } from './resource-policies.ts';
import { openStaging } from './staging.ts';
import { surveyNamespaces } from './survey-namespaces.ts';
import { assertHoldsBackups } from './validate-locations.ts';

/** What the workflow keeps of the plan. */
export interface PreparedBackup {
  readonly run: RunRef;
  readonly plan: StagedRef;
  /** What the log begins with. */
  readonly report: ReportRef;
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
   * `ReadOnlyLocation`, `InvalidConfig` if something else than backups is in the location, or what the cluster or the store answered.
   */
  prepareBackup(request: BackupRequest): Promise<PreparedBackup>;
}

/** The activities over a worker's dependencies. */
export function createPrepareBackup(dependencies: Dependencies): PrepareBackupActivities {
  const { config, kubernetes, store, now, installation } = dependencies;
  return {
    prepareBackup: (request) => orGiveUp(dependencies, () => prepare(request)),
  };

  async function prepare(request: BackupRequest): Promise<PreparedBackup> {
    const { spec, location } = validRequest(config, request);
    const run: RunRef = {
      kind: 'backup',
      name: request.name,
      uid: activityInfo().workflowExecution?.runId ?? 'local',
      location: location.name,
      staging: stagingLocation(config, location),
    };
    const startedAt = now();
    const signal = activitySignal();
    const [discovery, version, staging] = await Promise.all([
      kubernetes.discover({ refresh: true, signal }),
      kubernetes.version(signal),
      openStaging(dependencies, run),
      assertNameIsFree(dependencies, run),
      store(run.location).then(assertHoldsBackups),
    ]);
    const policies = await readPolicies(dependencies, spec, discovery);
    const snapshotLocations = locationsFor(config, spec, policies);
    const report = new Report(now);
    for (const { group, reason } of discovery.failures)
      report.warning(`The API group ${group} does not answer: its items are left out`, undefined, reason);
    const { labelled, wanted } = await surveyNamespaces(spec, { kubernetes, discovery, report });
    const backup = newBackup(spec, {
      run,
      config,
      startedAt,
      version,
      snapshotLocations,
      labelledNamespaces: labelled,
      resolve: resolverOf(discovery),
    });
    const ordered = orderedResources(spec, discovery.preferred, resolverOf(discovery));
    for (const problem of ordered.problems) report.warning(problem);
    const settled = {
      backup,
      labelledNamespaces: labelled,
      ordered: ordered.items,
      ...(wanted && { namespaces: wanted }),
      ...(policies && { policies }),
    };
    const { resources } = plannedFilter(settled, discovery);
    const actions = planActions(dependencies.backupItemActions, discovery);
    const plan: BackupPlan = { ...settled, installation, resources, actions };
    const [planRef, reportRef] = await Promise.all([
      staging.writeLines('plan', [JSON.stringify(plan)]),
      report.write(staging, 'prepare'),
    ]);
    return {
      run,
      plan: planRef,
      report: reportRef,
      settings: runSettings(dependencies, spec),
      resources: resources.map((resource) => resource.groupResource),
      actions,
      snapshotLocations,
      timestamps: {
        startTimestamp: backup.status?.startTimestamp ?? '',
        expiration: backup.status?.expiration ?? '',
      },
    };
  }
}

/** The request's spec and its location, if nothing is wrong with them. Fails with `InvalidSpec`, `ReadOnlyLocation`. */
function validRequest(config: Config, request: BackupRequest): { spec: BackupSpec; location: BackupStorageLocation } {
  const spec = request?.spec ?? {};
  const { location, problems } = chooseStorageLocation(config, spec.storageLocation);
  const all = [
    ...requestProblems({ request, kind: 'backup', idPrefix: config.temporal.idPrefix }),
    ...validateName(request?.name),
    ...validateBackupSpec(spec),
    ...problems,
    ...chooseSnapshotLocations(config, spec).problems,
  ];
  if (all.length > 0 || location === undefined) throw invalidSpec(all);
  if (location.accessMode === 'ReadOnly')
    throw new BowlineError('ReadOnlyLocation', `back up ${request.name}: location ${location.name} is read-only`);
  return { spec, location };
}

/** Where snapshots are made. A policy that asks for some has them though the spec wants none of the other volumes. */
function locationsFor(config: Config, spec: BackupSpec, policies: ResourcePolicies | undefined): string[] {
  const isAskedFor = policies?.volumePolicies.some(({ action }) => action === 'snapshot') ?? false;
  const { names, problems } = chooseSnapshotLocations(config, isAskedFor ? { ...spec, snapshotVolumes: null } : spec);
  if (problems.length > 0) throw invalidSpec(problems);
  return names;
}

/** The policies in the ConfigMap that the spec names. Fails with `InvalidSpec` and all that is wrong with them. */
async function readPolicies(
  { kubernetes, config }: Dependencies,
  { resourcePolicy, ...spec }: BackupSpec,
  discovery: Discovery,
): Promise<ResourcePolicies | undefined> {
  if (!resourcePolicy?.name) return undefined;
  const { name } = resourcePolicy;
  const { namespace } = config;
  const configMaps = discovery.find('configmaps');
  try {
    if (configMaps === undefined) throw new BowlineError('NotFound', 'the cluster serves no configmaps');
    const configMap = await kubernetes.get(configMaps, { namespace, name }, { signal: activitySignal() });
    const { policies, problems } = parseResourcePolicies(configMap);
    if (policies === undefined) throw invalidSpec(problems);
    if (policies.includeExclude === undefined || usesScopedLists(spec)) return policies;
  } catch (error) {
    if (errorCode(error) !== 'NotFound') throw error;
    throw invalidSpec([`spec.resourcePolicy: no ConfigMap ${name} in namespace ${namespace}`]);
  }
  throw invalidSpec([
    `resource policy ${name}: includeExcludePolicy: expected a spec without includedResources, excludedResources and includeClusterResources`,
  ]);
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
