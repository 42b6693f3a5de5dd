import type { ApiResource } from '../api/api-resource.ts';
import type { Backup } from '../api/backup.ts';
import type { ResourcePriorities } from '../api/resource-priorities.ts';
import type { Restore } from '../api/restore.ts';
import type { PlannedAction, RunRef, StagedRef } from '../api/run.ts';
import type { ResourceModifiers } from '../modifiers/resource-modifiers.ts';
import type { OrderedResources } from '../selection/ordered-resources.ts';
import type { BackupFiles } from './backup-to-restore.ts';
import type { Dependencies } from './dependencies.ts';
import { KeptLines } from './kept-lines.ts';
import { Remembered } from './remembered.ts';
import type { ResourcePolicies } from './resource-policies.ts';
import { openStaging, type Staging } from './staging.ts';

/** Says in staging whose run it is (`Dependencies.installation`). Absent in what older versions wrote. */
export interface OwnedPlan {
  readonly installation?: string;
}

/** What a backup's first activity settled; in staging, since a spec may be long and workflows need none of it. */
export interface BackupPlan extends OwnedPlan {
  /** With defaults filled in; `status` still absent. */
  readonly backup: Backup;
  /** The namespaces among the excluded ones that their label put there. */
  readonly labelledNamespaces: readonly string[];
  /** The namespaces that the spec includes, if they are few: they are listed one by one. */
  readonly namespaces?: readonly string[];
  /** The items that `orderedResources` takes first, by group-resource. */
  readonly ordered: OrderedResources['items'];
  /** What `resourcePolicy` names. */
  readonly policies?: ResourcePolicies;
  /** The resource types to list, in order. */
  readonly resources: readonly ApiResource[];
  /** The item actions, in order. */
  readonly actions: readonly PlannedAction[];
}

/** What a restore's first activity settled. */
export interface RestorePlan extends BackupFiles, OwnedPlan {
  readonly restore: Restore;
  readonly backup: Backup;
  /** What people should know before anything is restored, as warnings. */
  readonly remarks: readonly string[];
  /** Default Velero's. */
  readonly priorities?: ResourcePriorities;
  readonly modifiers?: ResourceModifiers;
  /** Nothing is to be changed, neither in the cluster nor at a provider. */
  readonly dryRun?: true;
}

/** What a deletion's first activity settled, for its item actions. */
export interface DeletionPlan extends OwnedPlan {
  readonly backup: Backup;
}

/** An activity's input names its run and the run's plan. */
export interface Planned {
  readonly run: RunRef;
  readonly plan: StagedRef;
}

/** Opens an activity's staging and reads its plan. */
export type OpenRun = <Plan extends BackupPlan | RestorePlan | DeletionPlan>(
  input: Planned,
) => Promise<{ staging: Staging; plan: Plan }>;

/** Plans remembered at the same time in one worker. */
const rememberedPlans = 20;

/** `OpenRun` that reads each plan once per worker: a plan's key is never written twice. */
export function createOpenRun(dependencies: Dependencies): OpenRun {
  const plans = new Remembered<unknown>(rememberedPlans);
  const kept = new KeptLines();
  return async <Plan>({ run, plan: ref }: Planned) => {
    const staging = await openStaging(dependencies, run, kept);
    const plan = await plans.get(ref.key, async () => (await staging.readLines(ref))[0]);
    return { staging, plan: plan as Plan };
  };
}
