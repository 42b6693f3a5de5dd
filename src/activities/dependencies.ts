import type { Config } from '../api/config.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { ItemActions } from '../plugins/item-action-lists.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import type { VolumeSnapshotter } from '../plugins/volume-snapshotter.ts';

/** What activities need from outside; built once by the worker, or by a test. */
export interface Dependencies extends ItemActions {
  readonly config: Config;
  readonly kubernetes: KubernetesClient;
  /** The object store of a storage location, by the location's name. Rejects with `InvalidConfig` for an unknown one. */
  readonly store: (location: string) => Promise<ObjectStore>;
  /** The same, opened anew, as its first use would: whether it can be opened may change while a worker runs. */
  readonly openStore: (location: string) => Promise<ObjectStore>;
  /** The snapshotter of a volume snapshot location, by the location's name. */
  readonly snapshotter: (location: string) => Promise<VolumeSnapshotter>;
  /** Whether a workflow is running: asked before a deletion, and for what a run that was terminated left behind. */
  readonly isRunning: (workflowId: string) => Promise<boolean>;
  /** The first run's id of a workflow that is running, `''` if the server does not tell; `undefined` if the workflow does not run. */
  readonly runningRun: (workflowId: string) => Promise<string | undefined>;
  /**
   * Whose runs are ours: the id of the Temporal namespace, which no other server has, and the prefix of workflow ids. Runs of others that share a
   * storage location can't be asked for.
   */
  readonly installation: string;
  /** Whether Temporal knows the search attributes. */
  readonly searchAttributes: boolean;
  readonly now: () => Date;
}
