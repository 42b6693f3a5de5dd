import type { ExecHook, HookSelector, HookStatus, LabelSelector } from './backup.ts';

/** What to run in restored pods. Source: Velero `pkg/apis/velero/v1/restore_types.go`. */
export interface RestoreHooks {
  readonly resources?: readonly RestoreResourceHooks[] | null;
}

/** One entry of a restore's `hooks.resources`; namespaces are those restored into. */
export interface RestoreResourceHooks extends HookSelector {
  readonly postHooks?: readonly RestoreHook[] | null;
}

/** Either a command for a container that runs, or containers to run before the pod's own ones. */
export interface RestoreHook {
  readonly exec?: RestoreExecHook | null;
  readonly init?: { readonly initContainers?: readonly object[] | null; readonly timeout?: string } | null;
}

/** Timeouts are Go durations: `execTimeout` of the command, default `30s`; `waitTimeout` until the container runs, default none. */
export interface RestoreExecHook extends ExecHook {
  readonly execTimeout?: string;
  readonly waitTimeout?: string;
  /** Waits until the container is ready, not only running. */
  readonly waitForReady?: boolean | null;
}

/** What to restore, and how: Velero's RestoreSpec. Source: Velero `pkg/apis/velero/v1/restore_types.go`. */
export interface RestoreSpec {
  /** One of this and `scheduleName`. */
  readonly backupName?: string;
  /** Restores from the newest completed backup of this schedule. */
  readonly scheduleName?: string;
  /** Names or globs of namespaces as they were at the backup. Default all. */
  readonly includedNamespaces?: readonly string[];
  readonly excludedNamespaces?: readonly string[];
  readonly includedResources?: readonly string[];
  readonly excludedResources?: readonly string[];
  /** Default: cluster-scoped resources only if all namespaces are included; others come as additional items. */
  readonly includeClusterResources?: boolean | null;
  readonly labelSelector?: LabelSelector | null;
  readonly orLabelSelectors?: readonly LabelSelector[] | null;
  /** From the namespace at the backup to the one to restore into. */
  readonly namespaceMapping?: Readonly<Record<string, string>>;
  /** `false` leaves volumes' content out. Default `true`. */
  readonly restorePVs?: boolean | null;
  /** Keeps all node ports of services. Default: only those that were set by hand. */
  readonly preserveNodePorts?: boolean | null;
  /** Default: those that pods name in their annotations. */
  readonly hooks?: RestoreHooks | null;
  /**
   * How long a provider may take for a volume, and how long to wait for hooks that name no limit of their own. Go duration;
   * default `4h0m0s`.
   */
  readonly itemOperationTimeout?: string;
  /** What happens to objects that exist and differ. Default `none`: a warning. */
  readonly existingResourcePolicy?: '' | 'none' | 'update';
  /**
   * Which objects get their status back; empty lists mean all. Default none. The annotation `velero.io/restore-status` of an object
   * decides for that object.
   */
  readonly restoreStatus?: {
    readonly includedResources?: readonly string[];
    readonly excludedResources?: readonly string[];
  } | null;
  /** The ConfigMap, in Velero's namespace, with rules that change items before they are created. */
  readonly resourceModifier?: {
    readonly apiGroup?: string | null;
    readonly kind: string;
    readonly name: string;
  } | null;
}

/** The namespace that the items of `namespace`, as it was at the backup, are restored into. */
export function targetNamespace(
  { namespaceMapping }: Pick<RestoreSpec, 'namespaceMapping'>,
  namespace: string,
): string {
  // A namespace may be named `constructor`, which every object has.
  return namespaceMapping && Object.hasOwn(namespaceMapping, namespace) ? namespaceMapping[namespace]! : namespace;
}

/** What starts a restore: the workflow's one argument. */
export interface RestoreRequest {
  /** A DNS subdomain; the workflow's id is `restore/<name>`. */
  readonly name: string;
  readonly spec?: RestoreSpec;
  /** Plans everything, asks the API server what it would say, and changes nothing. Default `false`. */
  readonly dryRun?: boolean;
}

/** How far a restore is. Velero's phases. */
export type RestorePhase = 'New' | 'FailedValidation' | 'InProgress' | 'Completed' | 'PartiallyFailed' | 'Failed';

/** What became of a restore: Velero's RestoreStatus. Timestamps are RFC 3339; absent members are not known yet, or zero. */
export interface RestoreStatus {
  readonly phase: RestorePhase;
  readonly startTimestamp?: string;
  readonly completionTimestamp?: string;
  readonly failureReason?: string;
  readonly warnings?: number;
  readonly errors?: number;
  readonly progress?: { readonly totalItems?: number; readonly itemsRestored?: number };
  readonly hookStatus?: HookStatus;
}

/** A restore as Velero knows it: what `velero-restore.json` holds and what item actions are handed. */
export interface Restore {
  readonly apiVersion: 'velero.io/v1';
  readonly kind: 'Restore';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: RestoreSpec;
  readonly status?: RestoreStatus;
}
